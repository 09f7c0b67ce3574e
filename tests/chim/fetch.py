# SPDX-License-Identifier: BSD-3-Clause
"""fetch.py URL COUNT PARALLEL FILE: fetches it so often, so many at a time, and compares each with the file."""
import asyncio
import sys
import urllib.parse

url, count, parallel, path = urllib.parse.urlsplit(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]


async def fetch(expected):
    reader, writer = await asyncio.open_connection(url.hostname, url.port)
    writer.write(f'GET {url.path} HTTP/1.0\r\n\r\n'.encode())
    head, _, body = (await reader.read()).partition(b'\r\n\r\n')
    writer.close()
    if b' 200 ' not in head.splitlines()[0] or body != expected:
        sys.exit(f'{len(body)} bytes came, other than the {len(expected)} of the file: {head[:60]!r}')


async def main():
    with open(path, 'rb') as f:
        expected = f.read()
    limit = asyncio.Semaphore(parallel)

    async def one():
        async with limit:
            await fetch(expected)

    await asyncio.gather(*(one() for _ in range(count)))


asyncio.run(main())
