"""A machine in virtual time: an event loop whose clock jumps, a network in memory, processes.

Why not a package: async-solipsism and detangle refuse `loop.sock_connect`, with which aiohttp
connects, so that the service's own connectors would need a seam for them; neither knows processes
that stand still or die; and what is needed is three methods of `asyncio.BaseEventLoop` and a
transport. Everything that the service, the simulator and the receiver use of a loop is here, and
they run on it unchanged.
"""
