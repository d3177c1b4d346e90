"""A profile as somebody reads it who wants to know whether the file says what was meant."""

from __future__ import annotations

from collections.abc import Iterator

from domain.profiles import (
    ON_LABELS,
    BatchRelease,
    Commodity,
    ProcessLimit,
    Scheme,
    Specification,
    Step,
    Storage,
    ValueGrade,
)


def commodity_text(commodity: Commodity) -> str:
    """Products, steps, readings, limits and the rest, a line each, in the words of the file."""
    return "\n".join(_commodity(commodity))


def scheme_text(scheme: Scheme) -> str:
    """What can be claimed, and since when on what conditions."""
    values = " < ".join(value.code for value in scheme.values)
    since = ", ".join(params.valid_from.isoformat() for params in scheme.params)
    return "\n".join(
        (
            f"{scheme.id}: {scheme.name['en']} / {scheme.name['fr']}",
            f"Values          {values}",
            f"Custody         {scheme.chain_of_custody}",
            f"Conditions of   {since}",
            f"Rules           {len(scheme.rules)}; checklist {len(scheme.checklist)}",
        )
    )


def _commodity(item: Commodity) -> Iterator[str]:
    yield f"{item.id}: {' / '.join(item.name.values())}, HS {item.hs}, {_crop(item)}"
    for product in item.products.values():
        density = f", {product.density} kg/L" if product.density else ""
        yield f"Product         {product.code}: {product.name['en']}, HS {product.hs}{density}"
        if others := [f"{lang} {name}" for lang, name in product.name.items() if lang in ON_LABELS]:
            yield f"On labels       {product.code}: {' / '.join(others)}"
    for packaging in item.packaging.values():
        yield f"Packaging       {packaging.code}: {packaging.grams / 1000:g} kg"
    for step in item.steps.values():
        yield f"Step            {_step(step)}"
    for limit in item.process.values():
        yield f"Reading         {_reading(limit)}"
    for specification in item.specifications:
        yield f"Limit           {_limit(specification)}"
    for grading in item.gradings:
        yield f"Grading         {' > '.join(grade.code for grade in grading.grades)}, {grading.beans} beans"
    for classing in item.classes:
        for grade in classing.grades:
            yield f"Grade           {_graded(grade)} ({', '.join(classing.products)})"
    for plan in item.samplings:
        yield f"Sampling        {', '.join(plan.tests) or 'every lot'}: {plan.method}"
    for due in item.due:
        yield f"Due             before {', '.join(due.before)}: {', '.join(due.tests)} ({', '.join(due.products)})"
    for release in item.releases:
        yield f"Release         {_release(release)}"
    for back in item.returns:
        yield f"Returns         within {back.most_days} days: {', '.join(back.products)}"
    for food in item.traceability_list:
        yield f"FSMA 204        {food.food}: {', '.join(food.products)}"
    for consequence in item.consequences:
        follows = [*(f"claims nothing under {scheme}" for scheme in consequence.lowers)]
        follows += [f"label declares {consequence.declares}"] if consequence.declares else []
        yield f"Consequence     {consequence.test} above {consequence.above}: {'; '.join(follows)}"
    for checklist in item.checklists.values():
        yield f"Checklist       {checklist.code}: {', '.join(checklist.points)}"
    for way in item.storage.values():
        yield f"Storage         {_storage(way)}"
    yield f"Lots            usually {item.lot_sizes.usual_g / 1000:g} kg, at most {item.lot_sizes.most_g / 1000:g} kg"
    for season in item.seasons:
        yield f"Season          begins {season.starts}, since {season.valid_from}"
    untold = [
        name
        for name, told in (
            ("packaging", item.packaging),
            ("readings", item.process),
            ("sampling", item.samplings),
            ("storage", item.storage),
        )
        if not told
    ]
    if untold:
        yield f"Not told        {', '.join(untold)}"


def _crop(item: Commodity) -> str:
    if item.crop_type == "none":
        return "no crop"
    return f"{item.crop_type}, {item.conversion_months} months of conversion"


def _step(step: Step) -> str:
    ends = f"{step.code}: {', '.join(step.from_products)} → {', '.join(step.to_products)}"
    if step.yield_min_bp is None or step.yield_max_bp is None:
        told = "no yield expected"
    else:
        told = f"{step.yield_min_bp / 100:g}-{step.yield_max_bp / 100:g} %"
        told += f", typically {step.yield_typ_bp / 100:g} %" if step.yield_typ_bp is not None else ""
    told += ", rework" if step.rework else ""
    told += f"; read {', '.join(step.readings)}" if step.readings else ""
    return f"{ends}, {told}"


def _reading(limit: ProcessLimit) -> str:
    return f"{limit.code}: {_range(limit.min, limit.max)} {limit.unit}, at {', '.join(limit.steps)}"


def _limit(item: Specification) -> str:
    where = ", ".join((*item.stages, *item.products)) or "everywhere"
    return (
        f"{item.test}: {_range(item.min, item.max)} {item.unit}, else {item.severity}; {where}; from {item.valid_from}"
    )


def _range(low: str | None, high: str | None) -> str:
    if low is None and high is None:
        return "any"
    return f"{low} to {high}" if low is not None and high is not None else f"≤ {high}" if low is None else f"≥ {low}"


def _release(release: BatchRelease) -> str:
    first = ["labels counted"] if release.labels else []
    first += ["unlikely yields explained"] if release.yields else []
    after = f" after {', '.join(first)}" if first else ""
    return f"by a qualified person{after} ({', '.join(release.products)})"


def _graded(grade: ValueGrade) -> str:
    asked = [f"{test} ≤ {value}" for test, value in grade.max.items()]
    asked += [f"{test} ≥ {value}" for test, value in grade.min.items()]
    return f"{grade.code}: {', '.join(asked) or 'the rest'}"


def _storage(way: Storage) -> str:
    parts = [way.name["en"]]
    if way.temperature_min is not None or way.temperature_max is not None:
        parts.append(f"{_range(way.temperature_min, way.temperature_max)} °C")
    if way.humidity_max is not None:
        parts.append(f"air ≤ {way.humidity_max} %")
    if way.shelf_life_months is not None:
        parts.append(f"{way.shelf_life_months} months")
    if way.shelf_life_hours is not None:
        parts.append(f"{way.shelf_life_hours} hours")
    return f"{', '.join(way.products)}: {', '.join(parts)}"
