import LanesCore
import LanesFiles
import SystemPackage
import Testing

@Suite struct ChecksumLineTests {
  private static let digest = Bytes(0..<32)
  private static let digits = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

  @Test(arguments: ["plain", "a b", "new\nline", "back\\slash", "both\\n\n", "\rreturn", "é"])
  func `names come back as they were written`(name: String) throws {
    for algorithm in HashAlgorithm.allCases {
      let digest = Bytes(Self.digest.prefix(algorithm.digits / 2))
      let text = ChecksumLine.text(HashedFile(name: FilePath(name), digest: digest), algorithm)
      #expect(text.last == 0x0A && !text.dropLast().contains(0x0A))
      let line = try #require(ChecksumLine(text.dropLast()[...], algorithm))
      #expect(line.name == FilePath(name) && line.digest == digest)
    }
  }

  @Test func `forms of other programs are read`() {
    func read(_ text: String) -> ChecksumLine? { ChecksumLine(Bytes(text.utf8)[...], .sha256) }
    #expect(read("\(Self.digits) *x")?.name == "x")
    #expect(read("\(Self.digits.uppercased())  x")?.digest == Self.digest)
    #expect(read("SHA256 (a) b) = \(Self.digits)")?.name == "a) b")
    #expect(read(" \t\(Self.digits)  x")?.name == "x")
    #expect(read("\(Self.digits)\t x")?.name == "x")
    #expect(read("\(Self.digits)  x\r")?.name == "x")
    #expect(read("  \\\(Self.digits)  a\\nb")?.name == "a\nb")
    #expect(read("SHA256(x)= \(Self.digits)")?.digest == Self.digest)
    #expect(read("\t\\SHA256 (a\\\\b)\t=  \(Self.digits)")?.name == "a\\b")
    #expect(read("\(Self.digits) name")?.name == "name" && read("\(Self.digits) x")?.name == "x")
    #expect(read("XXH3 (x) = 0001020304050607")?.algorithm == .xxh3)
  }

  @Test func `names are separated alike in all lines of a list`() {
    func names(_ lines: [String]) -> [String?] {
      var separation = ChecksumLine.Separation.unknown
      return lines.map { ChecksumLine(Bytes("\(Self.digits)\($0)".utf8)[...], .sha256, &separation)?.name.string }
    }
    #expect(names(["  a", " b", " *c"]) == ["a", nil, "c"])
    // What would be a mark of the other form is part of the name.
    #expect(names([" ab", "  a", " *c"]) == ["ab", " a", "*c"])
  }

  @Test(arguments: [
    "", "x", "00  x", "\(digits)", "\(digits) ", "\(digits)x", "g\(digits.dropFirst())  x", "\\\(digits)  a\\b",
    "SHA256 (x) = 00",
    "SHA256 (x) \(digits)", "SHA256 x = \(digits)", "SHA256 (x) = \(digits)0", "MD5 (x) = \(digits)",
  ])
  func `what is not a checksum is refused`(text: String) {
    #expect(ChecksumLine(Bytes(text.utf8)[...], .sha256) == nil)
  }
}
