/// What a JSON Schema can check of a text form: never more than the form itself asks for.
///
/// Programs that read YAML take some plain words for numbers or truth values, where rule files have texts only. Where a
/// form has texts that look so, the schema lets them pass. Not so `null` and `~`, which look like a value that was
/// forgotten: a name of that kind stands in quotes.
package enum TextSchema: Sendable, Hashable {
    /// Any value that is neither a list nor a mapping nor nothing.
    case anything
    case words([String])
    /// A text that fits a regular expression (ECMA-262); nothing that looks like a number does.
    case pattern(String)
    /// As ``pattern(_:)``, where numbers do, and may be anything.
    case patternOrNumber(String)
    case truth
    /// As registers write it: `yes` and `1`, too.
    case anyTruth
    /// A whole number from 1.
    case count(upTo: Int)

    package var members: [JSONValue.Member] {
        switch self {
        case .anything: [Self.type(["string", "number", "boolean"])]
        case .words(let words): [.init(key: "enum", value: .array(words.map(JSONValue.string)))]
        case .pattern(let pattern): [Self.type(["string"]), .init(key: "pattern", value: .string(pattern))]
        case .patternOrNumber(let pattern):
            [
                Self.type(["string", "number", "boolean"]),
                .init(key: "pattern", value: .string(pattern)),
            ]
        case .truth:
            [
                .init(
                    key: "enum",
                    value: .array([.bool(true), .bool(false), .string("true"), .string("false")]))
            ]
        case .anyTruth:
            [
                Self.type(["boolean", "integer", "string"]),
                .init(key: "minimum", value: .number(0)), .init(key: "maximum", value: .number(1)),
                .init(
                    key: "pattern",
                    value: .string(
                        "^(\(["true", "false", "yes", "no"].map(Self.anyCase).joined(separator: "|"))|[01])$")
                ),
            ]
        case .count(let most):
            [
                Self.type(["integer", "string"]), .init(key: "minimum", value: .number(1)),
                .init(key: "maximum", value: .number(most)),
                .init(key: "pattern", value: .string("^0*[1-9][0-9]*$")),
            ]
        }
    }

    private static func type(_ names: [String]) -> JSONValue.Member {
        .init(
            key: "type", value: names.count == 1 ? .string(names[0]) : .array(names.map(JSONValue.string)))
    }

    /// JSON Schema has no flag for it.
    static func anyCase(_ word: String) -> String {
        word.map { $0.isLetter ? "[\($0.uppercased())\($0.lowercased())]" : "\($0)" }.joined()
    }
}

/// The forms of rule files. Numbers are bounded where a pattern can say it in a line.
extension TextSchema {
    static let text = patternOrNumber("^[^\\x00-\\x09\\x0B-\\x1F]+$")
    static let freeName = patternOrNumber("^\\S(.*\\S)?$")
    static let name = patternOrNumber("^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")
    static let duration = duration(or: nil)
    static let date = pattern("^\(day)$")
    static let time = pattern("^\(instant)$")
    static let dateOrTime = pattern("^(\(day)|\(instant))$")
    static let timeOfDay = pattern("^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$")
    static let digest = patternOrNumber("^([0-9A-Fa-f]{2}:?){31}[0-9A-Fa-f]{2}$")
    static let service = pattern("^(ping|esp|gre|ah|sctp|(tcp|udp)/\(port)(-\(port))?)$")
    static let weekdays = pattern("^(\(weekday))(-(\(weekday)))?$")
    /// No database answers UK or EL.
    static let country = pattern("^(?![Uu][Kk]$|[Ee][Ll]$)[A-Za-z]{2}$")

    /// Units in their order, each at most once, and not all zero.
    static func duration(or word: String?) -> Self {
        let length = "(?=.*[1-9])([0-9]{1,9}d)?([0-9]{1,9}h)?([0-9]{1,9}m)?([0-9]{1,9}s)?"
        return pattern(word.map { "^(\($0)|\(length))$" } ?? "^\(length)$")
    }

    private static let weekday = "mon|tue|wed|thu|fri|sat|sun"
    private static let day =
        "[0-9]{4}-((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|[12][0-9]))"
    private static let instant =
        day + "[Tt]([01][0-9]|2[0-3]):[0-5][0-9](:([0-5][0-9]|60)(\\.[0-9]+)?)?"
        + "([Zz]|[+-]([01][0-9]|2[0-3]):[0-5][0-9])"
    private static let port =
        "(0|[1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])"

    private static let octet = "(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
    /// Of IPv6 only that it may be one: to say all of it takes a page.
    static let address = "(\(octet)(\\.\(octet)){3}|[0-9A-Fa-f.]*:[0-9A-Fa-f:.]*)"
    static let objectIdentifier = "([01]\\.[1-3]?[0-9]|2\\.(0|[1-9][0-9]*))(\\.(0|[1-9][0-9]*))*"
    /// ISO/IEC 27001:2022 Annex A.
    static let control =
        "^A\\.(5\\.([1-9]|[12][0-9]|3[0-7])|6\\.[1-8]|7\\.([1-9]|1[0-4])|8\\.([1-9]|[12][0-9]|3[0-4]))$"
}
