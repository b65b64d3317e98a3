# SPDX-License-Identifier: Apache-2.0
"""Under fire: real processes are killed and a cloud fails while it changes; nothing may be lost.

A world is a simulated cloud, the real daemon and a consumer, each in processes of its
own. Rounds from a shuffled deck strike it; after each, the consumer's copy must equal
the cloud entity for entity, and everything that was recorded, heard and deleted on the
way must stand up against the cloud's own log. Kill points and defects are put into the
processes from here; the product has no hooks for them.

    python -m tests.acceptance.fire --rounds 50 --seed 1
"""
