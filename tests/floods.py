"""Clients that mean ill, as a program of their own: `python -m tests.floods PORT SECONDS CLIENTS`.

Each guesses a password from an address that changes every time, again as soon as it is answered. All on loopback.
"""

import asyncio
import json
import random
import sys
import time
from collections import Counter


async def guess(port: int, number: int) -> str:
    """One attempt; the status it got, or what became of the connection."""
    body = json.dumps({"username": f"user{number % 50}", "password": "wrong password"}).encode()
    address = f"127.{random.randint(1, 250)}.{random.randint(0, 250)}.{random.randint(1, 250)}"
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(address, 0))
    except OSError as error:
        return type(error).__name__
    try:
        head = f"POST /api/v1/login HTTP/1.1\r\nHost: t\r\nX-Forwarded-For: {address}\r\nConnection: close\r\n"
        head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        writer.write(head.encode() + body)
        answer = await asyncio.wait_for(reader.read(), 30)
        return answer[9:12].decode() or "closed"
    except (OSError, TimeoutError) as error:
        return type(error).__name__
    finally:
        writer.close()


async def flood(port: int, seconds: float, clients: int) -> Counter[str]:
    """Every client guesses until time is up."""
    found: Counter[str] = Counter()
    end = time.monotonic() + seconds

    async def client(number: int) -> None:
        while time.monotonic() < end:
            found[await guess(port, number)] += 1

    await asyncio.gather(*(client(number) for number in range(clients)))
    return found


if __name__ == "__main__":
    print(json.dumps(asyncio.run(flood(int(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3])))))
