import LanesCore
import LanesTesting
import Testing

@testable import LanesEngines

/// The way of a worker's credit from free to free.
@Suite struct SlotTests {
  private func slot() throws -> Slot { try Slot(0, .pipe) }
  private func units(_ count: Int) -> [InFlightUnit] { (0..<count).map { InFlightUnit(unit($0, .echo)) } }

  @Test func `a slot is free again when every unit is answered and stored`() throws {
    let (slot, units) = (try slot(), units(2))
    #expect(slot.isFree)
    slot.begin(units, loads: 0)
    #expect(!slot.isFree && !slot.hasSent(units[0]))
    slot.send()
    #expect(slot.hasSent(units[0]) && slot.hasSent(units[1]))
    slot.answered(stores: true)
    slot.answered(stores: false)
    #expect(!slot.isFree, "an output is still being stored")
    slot.stored()
    #expect(slot.isFree && slot.units.isEmpty)
  }

  @Test func `the last load tells what is left to send`() throws {
    let (slot, units) = (try slot(), units(3))
    slot.begin(units, loads: 2)
    let first = slot.loadEnded(units[0], isOver: true)
    #expect(!first)
    let last = slot.loadEnded(units[2], isOver: false)
    #expect(last)
    #expect(slot.units.map(\.unit.number) == [1, 2])
  }

  @Test func `a slot whose loads all failed is free`() throws {
    let (slot, units) = (try slot(), units(2))
    slot.begin(units, loads: 2)
    let ended = units.map { slot.loadEnded($0, isOver: true) }
    #expect(ended == [false, false])
    #expect(slot.isFree)
  }

  @Test func `what was loaded and not sent can be taken back`() throws {
    let (slot, units) = (try slot(), units(2))
    slot.begin(units, loads: 0)
    #expect(slot.takeBack().count == 2)
    #expect(slot.isFree)
  }

  @Test func `the end of the worker answers everything but a store that is under way`() throws {
    let (slot, units) = (try slot(), units(3))
    slot.begin(units, loads: 0)
    slot.send()
    slot.answered(stores: true)
    slot.workerEnded()
    #expect(!slot.isFree)
    slot.stored()
    #expect(slot.isFree)
  }

  @Test func `the end of the worker leaves loads to end`() throws {
    let (slot, units) = (try slot(), units(1))
    slot.begin(units, loads: 1)
    slot.workerEnded()
    #expect(!slot.isFree)
    let isLast = slot.loadEnded(units[0], isOver: false)
    #expect(isLast)
    #expect(slot.takeBack().count == 1 && slot.isFree)
  }
}
