"""How long frames of a page take: by the clock, and by what they cost the page's thread."""

import itertools
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import msgspec
from playwright.async_api import Page

BOUND_MS = 200.0
"""For a busy machine without a graphics card. What is measured is printed; a quiet one has < 50."""
MIN_TASK_MS = 1.0
WATCH = """() => {
  window.frames = [];
  let last = performance.now();
  const tick = () => requestAnimationFrame(() => {
    const now = performance.now();
    frames.push(now - last);
    last = now;
    tick();
  });
  tick();
}"""
SCROLL = """async (steps) => {
  const page = document.documentElement;
  for (let step = 0; step <= steps; step += 1) {
    scrollTo(0, (page.scrollHeight * step) / steps); // it is measured anew as it is seen
    await new Promise(requestAnimationFrame);
  }
}"""


async def worst_of(page: Page) -> dict[str, float]:
    """Return the frames since the last look: how many, median, 95th percentile, worst."""
    frames: list[Any] = await page.evaluate("frames.splice(0)")
    return summed_up([float(frame) for frame in frames])


@asynccontextmanager
async def tasks_of(page: Page) -> AsyncIterator[list[float]]:
    """Measure what the page's thread does in the block: at its end, the milliseconds of each task.

    A frame is one of them: what scripts do before it, style, layout and paint. They are of the
    thread's own time, so others' load is not in them: the clock says what people see, on this
    machine at this moment; this says what the page costs. Nor is what the browser collects of
    garbage meanwhile: when it does, and in how large steps, goes by the clock.
    """
    browser = page.context.browser
    assert browser is not None
    tasks: list[float] = []
    await browser.start_tracing(page=page, categories=["disabled-by-default-devtools.timeline"])
    try:
        yield tasks
    finally:
        tasks += _read_tasks(await browser.stop_tracing())


class _Arguments(msgspec.Struct):
    name: Any = None


class _Event(msgspec.Struct):
    """What of an event of a trace is looked at: a trace has hundreds of thousands."""

    name: str
    pid: int = 0
    tid: int = 0
    ts: float = 0
    dur: float = 0
    tdur: float = 0
    args: _Arguments = msgspec.field(default_factory=_Arguments)

    @property
    def collects(self) -> bool:
        """Whether it is a step of collecting garbage, of scripts or of the document."""
        return self.name.startswith(("CppGC.", "V8.GC", "MajorGC", "MinorGC"))


class _Trace(msgspec.Struct):
    events: list[_Event] = msgspec.field(name="traceEvents")


def _read_tasks(trace: bytes) -> list[float]:
    """Return what each task of the threads that draw pages took; idle ones are left out."""
    events = msgspec.json.decode(trace, type=_Trace).events
    drawing = {
        (one.pid, one.tid)
        for one in events
        if one.name == "thread_name" and one.args.name == "CrRendererMain"
    }
    took = itertools.chain.from_iterable(
        _costs_of([one for one in events if (one.pid, one.tid) == thread]) for thread in drawing
    )
    return [ms for ms in took if ms >= MIN_TASK_MS]


def _costs_of(events: Sequence[_Event]) -> list[float]:
    """Return the milliseconds of each task of a thread, without the garbage collected in it."""
    costs: list[float] = []
    task_end = collected_until = 0.0
    told = (one for one in events if one.name == "RunTask" or one.collects)
    for one in sorted(told, key=lambda one: (one.ts, -one.dur)):
        if one.name == "RunTask":
            costs.append(one.tdur / 1000)
            task_end = one.ts + one.dur
        elif collected_until <= one.ts < task_end:  # not a part of one that is counted
            costs[-1] -= one.tdur / 1000
            collected_until = one.ts + one.dur
    return costs


def summed_up(costs_ms: Sequence[float]) -> dict[str, float]:
    """Return the median, 95th percentile and worst of what frames cost."""
    ordered = sorted(costs_ms)
    return {
        "number": len(ordered),
        "median": round(ordered[len(ordered) // 2], 1),
        "p95": round(ordered[int(len(ordered) * 0.95)], 1),
        "worst": round(ordered[-1], 1),
    }
