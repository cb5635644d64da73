import LanesUsage
import Testing

@Suite struct ComparedRunTests {
  @Test(arguments: [
    (ComparedRun(parent: 4711, recordDescriptor: 3, isCold: false), "parent=4711,record=3"),
    (ComparedRun(parent: 1, recordDescriptor: 900, isCold: true), "parent=1,record=900,cold"),
  ])
  func `what compare tells its runs comes back as it was written`(run: ComparedRun, text: String) {
    #expect(run.text == text)
    #expect(ComparedRun(text) == run)
  }

  @Test(arguments: [
    "", "cold", "parent=1", "record=3", "record=3,parent=1", "parent=1,record=3,", "parent=1,record=3,warm",
    "parent=1,record=3,cold,cold", "parent=1,record=2", "parent=1,record=1", "parent=0,record=3", "parent=-1,record=3",
    "parent=1,record=+3", "parent=01,record=3", "parent=1,record=99999999999", " parent=1,record=3", "1",
  ])
  func `what it cannot have written is as good as nothing`(text: String) { #expect(ComparedRun(text) == nil) }
}
