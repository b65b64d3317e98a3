# SPDX-License-Identifier: Apache-2.0
"""Every metric there is. The page shows these and no others; the reference is made of them."""

from synchronizer.metrics.declaration import Section, counter, gauge, histogram

_STREAM = ("cloud", "type")

# --- streams: read from the ledger when the page is asked for ------------------

STREAM_ENTITIES = gauge("stream_entities", "Entities that exist.", *_STREAM)
STREAM_REVISION = gauge("stream_revision", "The last recorded revision.", *_STREAM)
STREAM_STALENESS = gauge(
    "stream_staleness_seconds",
    "Seconds since the last proven complete listing began; +Inf before the first one.",
    *_STREAM,
)
STREAM_INTERVAL = gauge(
    "stream_interval_seconds",
    "Seconds between complete listings, as configured: what staleness is compared with.",
    *_STREAM,
)
STREAM_LISTING = gauge(
    "stream_listing_seconds",
    "Seconds that the last complete listing took, proven or not; missing before the first one.",
    *_STREAM,
)
STREAM_HELD = gauge(
    "stream_held_deletes", "Deletes that are held because they lack evidence.", *_STREAM
)
STREAM_FAILING = gauge(
    "stream_failing",
    "1 while a kind of poll of the stream fails, its listings are incomplete, or its service's "
    "notifications are not heard; `synchronizer describe` says why.",
    *_STREAM,
)
OUTBOX_CHANGES = gauge(
    "outbox_changes", "Revisions that are recorded and not published yet.", *_STREAM
)
OUTBOX_AGE = gauge(
    "outbox_age_seconds",
    "Seconds since the oldest revision that is not published yet was recorded; 0: all are.",
    *_STREAM,
)
LEDGER_UP = gauge(
    "ledger_up", "1 if the ledger answered in time when the page was asked for, else 0."
)
LEDGER_BYTES = gauge(
    "ledger_bytes", "Size of the ledger's database, with its indexes and its log, where it tells."
)

# --- sampling: counted by workers, and by snapshot servers that list on demand --

API_REQUESTS = counter("api_requests", "Requests sent to the service.", *_STREAM)
API_SECONDS = counter(
    "api_request_seconds", "Seconds from sending a request to the end of its answer.", *_STREAM
)
API_WAIT = counter(
    "api_budget_wait_seconds",
    "Seconds for which requests waited for the service's budget.",
    *_STREAM,
)
POLL_FAILURES = counter(
    "poll_failures",
    "Polls of the service that failed; `poll`: listing, changes, looks (at single entities) or "
    "hints; `error`: the kind of error, a class of synchronizer.errors.",
    *_STREAM,
    "poll",
    "error",
)
LISTINGS = counter("listings", "Complete listings that ended, however they ended.", *_STREAM)
LISTINGS_UNPROVEN = counter(
    "listings_unproven",
    "Of these, those that came to their end and still proved nothing: pages or cells were "
    "missing, or deletes are held.",
    *_STREAM,
)
LISTING_SECONDS = counter("listing_seconds", "Seconds spent in complete listings.", *_STREAM)
OBSERVED = counter("entities_observed", "Entities seen in answers of the service.", *_STREAM)
DECODED = counter(
    "entities_decoded", "Of these, those whose text was new and had to be decoded.", *_STREAM
)
CHANGES = counter("changes", "Recorded changes; `op`: create, update or delete.", *_STREAM, "op")
DISCARDED = counter(
    "observations_discarded",
    "Observations that may not be the newest, so that the entity was sampled again.",
    *_STREAM,
)
BAD_ITEMS = counter(
    "bad_items", "Entities in answers of the service that could not be read.", *_STREAM
)
HINTS = counter("hints", "Entities that the service's notifications named.", *_STREAM)
COMMIT_SECONDS = histogram(
    "ledger_commit_seconds", "Seconds that a commit of changes, or of a proven listing, took."
)
COMMIT_FAILURES = counter(
    "ledger_commit_failures",
    "Commits that were not recorded; `error`: Refused (others were first; it is tried again), "
    "LedgerUnavailable, or another class of synchronizer.errors.",
    "error",
)

# --- the bus: counted by the relay --------------------------------------------

PUBLISH_SECONDS = histogram(
    "bus_publish_seconds",
    "Seconds that the bus took to take a message; `kind`: changes or bookmark.",
    "kind",
)
PUBLISH_FAILURES = counter(
    "bus_publish_failures", "Messages that the bus did not take; each is tried again.", "kind"
)
BUS_UP = gauge("bus_up", "1 if the bus took the last message that was sent, else 0.")
BUS_OUTAGES = counter("bus_outages", "Times that the bus ceased to take messages.")

# --- RPC: counted by the snapshot servers --------------------------------------

RPC_SECONDS = histogram(
    "rpc_seconds",
    "Seconds from a call's arrival at a thread to its answer; `outcome`: ok, or the class of "
    "the error that was answered.",
    "method",
    "outcome",
)

# --- processes: read from /proc and from the processes' signs of life ----------

PROCESS_UP = gauge("process_up", "1 if the process exists, else 0.", "process")
PROCESS_STARTS = counter(
    "process_starts", "Times that the process was started since the daemon began.", "process"
)
PROCESS_HANGS = counter(
    "process_hangs", "Times that the process was killed as it made no progress.", "process"
)
PROCESS_PHASE = gauge(
    "process_phase",
    "1 for the phase that the process is in, 0 for the others; `phase`: absent (not started yet, "
    "or being started again), starting, restoring, running, standby (another daemon does its "
    "work), waiting (for what it needs to begin), blocked (until a person acts), reloading or "
    "ending.",
    "process",
    "phase",
)
PROCESS_MEMORY = gauge(
    "process_resident_memory_bytes",
    "Memory of the process that is in use (RSS); what processes share is counted in each.",
    "process",
)
PROCESS_FILES = gauge("process_open_fds", "Open files and sockets of the process.", "process")
START_TIME = gauge("start_time_seconds", "When the daemon began, in seconds since 1970.")
BUILD = gauge("build_info", "1; `version`: of the daemon.", "version")

SECTIONS = (
    Section(
        "Streams",
        "Read from the ledger each time that the page is asked for. While the ledger is away, or "
        "takes longer than 3 s, `synchronizer_ledger_up` is 0 and all others of this section are "
        "missing: no old value stands for a new one. Streams of clouds and types that are not "
        "configured on this host are not shown.",
        (
            STREAM_ENTITIES,
            STREAM_REVISION,
            STREAM_STALENESS,
            STREAM_INTERVAL,
            STREAM_LISTING,
            STREAM_HELD,
            STREAM_FAILING,
            OUTBOX_CHANGES,
            OUTBOX_AGE,
            LEDGER_UP,
            LEDGER_BYTES,
        ),
    ),
    Section(
        "Sampling",
        "Counted by the sampling workers, and by the snapshot servers where they list on demand; "
        "the page adds them up.",
        (
            API_REQUESTS,
            API_SECONDS,
            API_WAIT,
            POLL_FAILURES,
            LISTINGS,
            LISTINGS_UNPROVEN,
            LISTING_SECONDS,
            OBSERVED,
            DECODED,
            CHANGES,
            DISCARDED,
            BAD_ITEMS,
            HINTS,
            COMMIT_SECONDS,
            COMMIT_FAILURES,
        ),
    ),
    Section(
        "Publishing",
        "Counted by the relay.",
        (PUBLISH_SECONDS, PUBLISH_FAILURES, BUS_UP, BUS_OUTAGES),
    ),
    Section("Calls", "Counted by the snapshot servers; the page adds them up.", (RPC_SECONDS,)),
    Section(
        "Processes",
        "`process` is broker, relay, monitor, master, snapshot and its number, or worker, its "
        "cloud and its plugin.",
        (
            PROCESS_UP,
            PROCESS_STARTS,
            PROCESS_HANGS,
            PROCESS_PHASE,
            PROCESS_MEMORY,
            PROCESS_FILES,
            START_TIME,
            BUILD,
        ),
    ),
)

METRICS = {metric.name: metric for section in SECTIONS for metric in section.metrics}
