# SPDX-License-Identifier: Apache-2.0
"""The image that the Dockerfile makes, and compose.yaml's container of it, run for real."""
