import LanesUsage

/// The reader that the program itself uses, for tests that look into what it prints.
package typealias JSONValue = LanesUsage.JSONValue
