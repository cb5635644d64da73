"""Reads run files as docs/runfile.md describes them, independently of the program that writes them."""

import dataclasses
import struct
import zlib


class Damaged(Exception):
    """The bytes are no run file, or one that was damaged otherwise than by ending early."""


@dataclasses.dataclass
class Unit:
    """What a run file tells of one unit: its name, whether it is done and need not be done again, and path, size and SHA-256
    of its files."""
    label: bytes
    is_done: bool
    is_kept: bool
    reason: bytes
    files: list


class Cursor:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, count):
        if self.at + count > len(self.data):
            raise Damaged("a record ends early")
        self.at += count
        return self.data[self.at - count:self.at]

    def number(self, size):
        return int.from_bytes(self.take(size), "little")

    def run(self):
        return self.take(self.number(4))


def unit(payload):
    """The unit of a record of kind 2, and the record that it takes the place of, or None."""
    cursor = Cursor(payload)
    cursor.take(1 + 8 + 16)
    cursor.take({0: 0, 1: 32, 2: 16, 3: 0}[cursor.number(1)])
    is_kept = cursor.number(1) == 1
    replaced = cursor.number(8) if cursor.number(1) else None
    label = cursor.run()
    cursor.take(24)
    if cursor.number(1) == 0:
        cursor.run()
        is_done, reason = True, b""
    else:
        cursor.take(2)
        is_done, reason = False, cursor.run()
    cursor.run()
    files = [(cursor.run(), cursor.number(8), cursor.run()) for _ in range(cursor.number(4))]
    return Unit(label, is_done, is_kept, reason, files), replaced


def read(data):
    """The units that count, and the totals (done, failed) of a complete run or None.

    A last group that was not written to its end is dropped, as is a file that ends inside its head; anything else that does
    not fit raises Damaged."""
    if len(data) < 12 and b"LANESRUN".startswith(data[:8]):
        return [], None
    if data[:8] != b"LANESRUN" or data[8:12] != struct.pack("<I", 1):
        raise Damaged("it does not begin as a run file")
    units, gone, totals, at = [], set(), None, 12
    for payload in records(data, at):
        kind = payload[0]
        if kind == 2:
            found, replaced = unit(payload)
            if replaced is not None:
                gone.add(replaced)
            units.append(found)
        elif kind == 4:
            cursor = Cursor(payload[1:])
            gone.update(cursor.number(8) for _ in range(cursor.number(4)))
        totals = struct.unpack("<QQ", payload[1:17]) if kind == 5 else None
    return [found for number, found in enumerate(units) if number not in gone], totals


def records(data, at):
    """The payloads of all records from offset `at` on."""
    while at < len(data):
        head = data[at:at + 12]
        if len(head) < 12 or not data[at:].strip(b"\0"):
            return
        size, count, checksum = struct.unpack("<III", head)
        if zlib.crc32(head[:8]) != checksum:
            raise Damaged(f"the head of the group at {at} is damaged")
        at += 12
        end, is_last = at + size, at + size >= len(data)
        for _ in range(count):
            length, checksum = struct.unpack("<II", data[at:at + 8].ljust(8, b"\0"))
            payload = data[at + 8:at + 8 + length]
            if len(payload) < length or zlib.crc32(data[at:at + 4] + payload) != checksum or not payload:
                if is_last:
                    return
                raise Damaged(f"the record at {at} is damaged")
            yield payload
            at += 8 + length
        if at != end:
            raise Damaged(f"the group that ends at {end} has records up to {at}")
