# SPDX-License-Identifier: Apache-2.0
"""The real services as the conformance checks take them: one module for each service.

Each has a subclass of `RealSource` that makes, changes and deletes entities through the
service's own API, never through a plugin. The checks themselves are in `plugins/`.
"""
