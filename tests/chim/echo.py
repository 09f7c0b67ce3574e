# SPDX-License-Identifier: BSD-3-Clause
"""echo.py ADDRESS PORT: says again what it hears, to any number of others."""
import asyncio
import sys


async def serve(reader, writer):
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass
    writer.close()


async def main():
    server = await asyncio.start_server(serve, sys.argv[1], int(sys.argv[2]), backlog=500)
    await server.serve_forever()


asyncio.run(main())
