# SPDX-License-Identifier: Apache-2.0
"""What is built is what users install: away from the checkout, and each with its extras alone."""
