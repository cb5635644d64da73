import LanesCore
import SystemPackage
import Testing

@Suite struct UnitTests {
  @Test func `changing a copy leaves the unit as it was`() {
    let unit = Unit(number: 3, label: "three", task: [1], source: .bytes([2]), expectedInput: 1)
    var copy = unit
    copy.number = 4
    copy.label += " and more"
    copy.task += [9]
    copy.source = .none
    #expect(unit == Unit(number: 3, label: "three", task: [1], source: .bytes([2]), expectedInput: 1))
    #expect(copy == Unit(number: 4, label: "three and more", task: [1, 9], expectedInput: 1))
  }

  @Test func `a unit called by a path is called what that is for a person`() {
    let unit = Unit(number: 0, path: "a\nb", source: .file("a\nb"))
    #expect(unit.label == "a\\nb")
    #expect(unit == Unit(number: 0, label: "a\\nb", source: .file("a\nb")))
  }
}
