"""The tables. The migrations in `store/migrations` must equal them; a test compares."""

from __future__ import annotations

from store.tables.base import NOW, Time, metadata
from store.tables.broadcasts import brakes, broadcasts, engagements, pulses, quotas, templates, warmups
from store.tables.cards import (
    companies,
    company_members,
    consents,
    contact_files,
    contact_tags,
    field_kinds,
    field_values,
    notes,
)
from store.tables.doors import api_keys, exports, import_rows, imports
from store.tables.law import consent_requests, opt_outs, secrets, tombstones
from store.tables.links import links
from store.tables.people import (
    claims,
    contacts,
    identities,
    merges,
    shared_addresses,
    suggestions,
    traits,
    verdicts,
    weights,
)
from store.tables.segments import segment_members, segment_versions, segments
from store.tables.sending import cursors, deliveries, delivery_parts, early_reports, pauses, suppressions
from store.tables.work import assignments, events, leads, messages, rotations, staff

__all__ = [
    "NOW",
    "Time",
    "api_keys",
    "assignments",
    "brakes",
    "broadcasts",
    "claims",
    "companies",
    "company_members",
    "consent_requests",
    "consents",
    "contact_files",
    "contact_tags",
    "contacts",
    "cursors",
    "deliveries",
    "delivery_parts",
    "early_reports",
    "engagements",
    "events",
    "exports",
    "field_kinds",
    "field_values",
    "identities",
    "import_rows",
    "imports",
    "leads",
    "links",
    "merges",
    "messages",
    "metadata",
    "notes",
    "opt_outs",
    "pauses",
    "pulses",
    "quotas",
    "rotations",
    "secrets",
    "segment_members",
    "segment_versions",
    "segments",
    "shared_addresses",
    "staff",
    "suggestions",
    "suppressions",
    "templates",
    "tombstones",
    "traits",
    "verdicts",
    "warmups",
    "weights",
]
