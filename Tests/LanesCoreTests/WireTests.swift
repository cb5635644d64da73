import LanesCore
import SystemPackage
import Testing

@Suite struct WireTests {
  @Test func `values come back as they were written`() throws {
    var writer = WireWriter()
    writer.write(UInt64.max)
    writer.write(Int32(-7))
    writer.write(true)
    writer.write(0.25)
    writer.write("naïve")
    writer.write(FilePath(rawBytes: [0x61, 0xFF, 0x62]))
    writer.write(optional: Int?.none)
    writer.write(optional: 5)
    var reader = WireReader(writer.bytes)
    #expect(try reader.read(UInt64.self) == .max)
    #expect(try reader.read(Int32.self) == -7)
    #expect(try reader.readBool())
    #expect(try reader.readDouble() == 0.25)
    #expect(try reader.readString() == "naïve")
    #expect(try reader.readPath().rawBytes == [0x61, 0xFF, 0x62])
    #expect(try reader.readOptional(Int.self) == nil)
    #expect(try reader.readOptional(Int.self) == 5)
    #expect(reader.remaining == 0)
  }

  @Test func `bytes that end too early throw`() {
    var writer = WireWriter()
    writer.write("twelve bytes")
    for length in 0..<writer.bytes.count {
      var reader = WireReader(Bytes(writer.bytes.prefix(length)))
      #expect(throws: WireError.self) { try reader.readString() }
    }
  }

  @Test func `outcomes come back as they were written`() throws {
    let outcomes = [
      Outcome.done([1, 2, 3]), .failed(UnitFailure(.crashed, "it died", haltsBatch: false)),
      .failed(UnitFailure(.output, "the disk is full", haltsBatch: true)),
    ]
    for outcome in outcomes {
      var writer = WireWriter()
      writer.write(outcome)
      var reader = WireReader(writer.bytes)
      #expect(try reader.readOutcome() == outcome)
    }
  }
}
