import LanesReport
import Testing

@Suite struct JSONWriterTests {
  @Test(arguments: [
    ("plain", #""plain""#), (#"a "b" \c/"#, #""a \"b\" \\c/""#),
    ("\n\r\t\u{0}\u{1B}\u{1F}", #""\n\r\t\u0000\u001b\u001f""#),
    ("\u{7F}\u{85}\u{A0}", "\"\\u007f\\u0085\u{A0}\""), ("naïve 😀", "\"naïve 😀\""), ("\r\n", #""\r\n""#),
  ])
  func `strings are escaped`(string: String, json: String) {
    #expect(JSONWriter.quoted(string) == json)
  }

  @Test func `members and elements are separated by commas only`() {
    var json = JSONWriter()
    json.object {
      $0.member("a", 1)
      $0.key("b")
      $0.array {
        $0.value(1)
        $0.object { _ in }
        $0.array { _ in }
        $0.value("x")
        $0.null()
      }
      $0.member("c", true)
    }
    #expect(json.text == #"{"a":1,"b":[1,{},[],"x",null],"c":true}"#)
  }

  @Test func `what is unknown or not finite is null`() {
    var json = JSONWriter()
    json.object {
      $0.member("a", Int?.none)
      $0.member("b", String?.none)
      $0.member("c", Double.nan)
      $0.member("d", -Double.infinity)
      $0.member("e", 0.5)
      $0.member("f", UInt64.max)
    }
    #expect(json.text == #"{"a":null,"b":null,"c":null,"d":null,"e":0.5,"f":18446744073709551615}"#)
  }

  @Test func `bytes that are not UTF-8 are kept beside the text`() {
    var json = JSONWriter()
    json.object {
      $0.member("path", utf8: [0x61, 0xFF, 0x0A])
      $0.member("good", utf8: Array("ï".utf8))
    }
    #expect(json.text == "{\"path\":\"a\u{FFFD}\\n\",\"path_hex\":\"61ff0a\",\"good\":\"ï\"}")
  }
}
