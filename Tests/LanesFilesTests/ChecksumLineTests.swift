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
    #expect(read("XXH3 (x) = 0001020304050607")?.algorithm == .xxh3)
  }

  @Test(arguments: [
    "", "x", "00  x", "\(digits)", "\(digits) x", "g\(digits.dropFirst())  x", "\\\(digits)  a\\b", "SHA256 (x) = 00",
  ])
  func `what is not a checksum is refused`(text: String) {
    #expect(ChecksumLine(Bytes(text.utf8)[...], .sha256) == nil)
  }
}
