"""Whether an event can have happened to these lots, and what the registry makes of it. One function an event type.

Refusals are about the lots: what is not there cannot be drawn, what is blocked cannot leave. Goods on the scale are
a fact: a delivery is never refused for a claim; the claim that it loses is stated.
"""

from __future__ import annotations

from collections.abc import Iterable

from domain import events as told
from domain.judge.claim import certified, downgraded
from domain.judge.corrections import CORRECTABLE, corrected
from domain.judge.custody import accepted, offered, rejected
from domain.judge.gate import brought_by, delivered, received
from domain.judge.leaving import (
    document_issued,
    document_revoked,
    label_issued,
    label_revoked,
    lost,
    packed,
    returned,
    shipped,
    shipped_less,
)
from domain.judge.making import bulked, split, transformed
from domain.judge.quality import (
    action_verified,
    batch_certified,
    checked,
    deviation_closed,
    deviation_raised,
    document_attached,
    held,
    inspected,
    labels_reconciled,
    recalled,
    released,
    sample_handed_over,
    sampled,
    tests_ordered,
)
from domain.judge.shared import instant_of
from domain.judge.vessels import cleaned, loaded, open_load, read
from domain.judge.world import Profiles, Run, World
from domain.refusals import Refused
from domain.ruling import Ruling

CLOCK_SKEW_MS = 10 * 60 * 1000
"""How far a device's clock may run ahead of ours before an event counts as told of the future."""


def judge(event: told.AnyEvent, world: World) -> Ruling:
    """The ruling on an event, or ``Refused``."""
    at = told.millis(event.occurred_at)
    if at > world.now + CLOCK_SKEW_MS:
        raise Refused("EVENT_IN_FUTURE", occurred_at=event.occurred_at.isoformat(), now=instant_of(world.now))
    match event:
        case told.Delivered():
            return delivered(event, world)
        case told.Received():
            return received(event, world, at)
        case told.Bulked():
            return bulked(event, world, at)
        case told.Split():
            return split(event, world, at)
        case told.Loaded():
            return loaded(event, world, at)
        case told.Read():
            return read(event, world, at)
        case told.Turned() | told.Unloaded():
            return Ruling(site=open_load(event.load, world, at).site_id)
        case told.Transformed():
            return transformed(event, world, at)
        case told.Sampled():
            return sampled(event, world, at)
        case told.SampleHandedOver():
            return sample_handed_over(event, world)
        case told.TestsOrdered():
            return tests_ordered(event, world, at)
        case told.Inspected():
            return inspected(event, world, at)
        case told.DocumentAttached():
            return document_attached(event, world, at)
        case told.Checked():
            return checked(event, world, at)
        case told.DeviationRaised():
            return deviation_raised(event, world, at)
        case told.DeviationClosed():
            return deviation_closed(event, world)
        case told.ActionVerified():
            return action_verified(event, world)
        case told.BatchCertified():
            return batch_certified(event, world, at)
        case told.Held():
            return held(event, world, at)
        case told.Released():
            return released(event, world, at)
        case told.TransferOffered():
            return offered(event, world, at)
        case told.TransferAccepted():
            return accepted(event, world, at)
        case told.TransferRejected():
            return rejected(event, world)
        case told.Packed():
            return packed(event, world, at)
        case told.Shipped():
            return shipped(event, world, at)
        case told.Returned():
            return returned(event, world, at)
        case told.LabelsReconciled():
            return labels_reconciled(event, world, at)
        case told.Lost():
            return lost(event, world, at)
        case told.Recalled():
            return recalled(event, world, at)
        case told.Downgraded():
            return downgraded(event, world, at)
        case told.Cleaned():
            return cleaned(event, world, at)
        case told.Certified():
            return certified(event, world, at)
        case told.Corrected():
            return corrected(event, world)
        case told.LabelIssued():
            return label_issued(event, world, at)
        case told.LabelRevoked():
            return label_revoked(event, world)
        case told.DocumentIssued():
            return document_issued(event, world, at)
        case told.DocumentRevoked():
            return document_revoked(event, world)
        case told.Reassessed():
            return Ruling()


def judge_instead(event: told.AnyEvent, wrong: told.AnyEvent, world: World, remade: Iterable[str]) -> Ruling:
    """Judge the event that stands in for an error, once the error is taken back.

    ``remade`` are the lots that the error made: the right event may make them again. Goods that left are not judged
    again where no more of them left than was told: also what was blocked since is accounted for as it happened.
    """
    if isinstance(wrong, told.Shipped) and isinstance(event, told.Shipped):
        ruling = shipped_less(event, wrong, world)
        if ruling is not None:
            return ruling
    world.taken_lots -= set(remade)
    world.taken_codes -= {world.book.by_uid[uid].code for uid in remade}
    world.correcting, world.remade = True, set(remade)
    ruling = judge(event, world)
    made = set(told.lots_made(event))
    below = {
        lot.uid
        for key in world.book.with_descendants({world.book.by_uid[uid].key for uid in made & set(remade)})
        if (lot := world.book.by_key[key])
    }
    for uid in told.lots_named(event):
        if uid in below and uid not in made:
            raise Refused("CYCLE", lot=world.book.by_uid[uid].code)
    return ruling


__all__ = ["CORRECTABLE", "Profiles", "Run", "World", "brought_by", "judge", "judge_instead"]
