"""How long frames of a page take: by the clock, and by what they cost the page's thread."""

from collections.abc import Sequence
from typing import Any

from playwright.async_api import CDPSession, Page

BOUND_MS = 200.0
"""For a busy machine without a graphics card. What is measured is printed; a quiet one has < 50."""
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


class MainThread:
    """What the page's main thread has spent, in milliseconds of its own: others' load is not in it.

    The clock says what people see, on this machine at this moment; this says what the page costs.
    """

    def __init__(self, session: CDPSession) -> None:
        self._session = session
        self._before_ms = 0.0

    async def spent_ms(self) -> float:
        """Return what it spent since the last time."""
        answer = await self._session.send("Performance.getMetrics")
        metrics = {one["name"]: one["value"] for one in answer["metrics"]}
        now_ms = float(metrics["TaskDuration"]) * 1000
        since_ms, self._before_ms = now_ms - self._before_ms, now_ms
        return since_ms


async def open_main_thread(page: Page) -> MainThread:
    """Begin to measure a page."""
    session = await page.context.new_cdp_session(page)
    await session.send("Performance.enable", {"timeDomain": "threadTicks"})
    thread = MainThread(session)
    await thread.spent_ms()
    return thread


def summed_up(costs_ms: Sequence[float]) -> dict[str, float]:
    """Return the median, 95th percentile and worst of what frames cost."""
    ordered = sorted(costs_ms)
    return {
        "frames": len(ordered),
        "median": round(ordered[len(ordered) // 2], 1),
        "p95": round(ordered[int(len(ordered) * 0.95)], 1),
        "worst": round(ordered[-1], 1),
    }
