# SPDX-License-Identifier: BSD-3-Clause
"""churn.py ADDRESS PORT COUNT PARALLEL [keep]: short connections to one who says again what it hears, so many and
so many at a time; each is checked. keep: those of a round are all open at the same time."""
import asyncio
import sys

address, port, count, parallel = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
keep = 'keep' in sys.argv[5:]


async def one(n, together):
    reader, writer = await asyncio.open_connection(address, port)
    text = b'%d.' % n * (1 + n % 700)
    writer.write(text)
    if await reader.readexactly(len(text)) != text:
        sys.exit(f'connection {n}: other bytes came back')
    if together:
        await together.wait()
        writer.write(text)
        if await reader.readexactly(len(text)) != text:
            sys.exit(f'connection {n}: other bytes came back the second time')
    writer.close()


class Together:
    """Lets all go on when the last has come."""

    def __init__(self, n):
        self.left, self.event = n, asyncio.Event()

    async def wait(self):
        self.left -= 1
        if self.left == 0:
            self.event.set()
        await self.event.wait()


async def main():
    for first in range(0, count, parallel):
        n = min(parallel, count - first)
        together = Together(n) if keep else None
        await asyncio.gather(*(one(first + i, together) for i in range(n)))


asyncio.run(main())
