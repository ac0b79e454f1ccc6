import Sessions

/// A piece of a page. What is put in is escaped, unless it is such a piece itself: names come from files.
///
///     let row: Markup = "<td>\(name)</td>"
package struct Markup: Sendable, ExpressibleByStringInterpolation {
    package private(set) var text: String

    package init(stringLiteral text: String) { self.text = text }
    package init(stringInterpolation: StringInterpolation) { text = stringInterpolation.text }

    package struct StringInterpolation: StringInterpolationProtocol {
        fileprivate var text = ""

        package init(literalCapacity: Int, interpolationCount: Int) {
            text.reserveCapacity(2 * literalCapacity)
        }

        package mutating func appendLiteral(_ literal: String) { text += literal }
        package mutating func appendInterpolation(_ piece: Markup) { text += piece.text }
        package mutating func appendInterpolation(_ number: Int) { text += String(number) }
        package mutating func appendInterpolation(_ name: String) { text += Markup.escaped(name) }
    }

    /// Good within elements and within quoted values alike. What would turn the direction of text, or is no character
    /// of HTML, is shown as a sign.
    private static func escaped(_ name: String) -> String {
        var result = ""
        for scalar in name.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "'": result += "&#39;"
            case "\n": result += " "
            case _ where PlainText.isControl(scalar): result += "\u{FFFD}"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    static func + (lhs: Markup, rhs: Markup) -> Markup { "\(lhs)\(rhs)" }

    static let nothing: Markup = ""
}

extension Sequence<Markup> {
    func joined(_ separator: Markup = "\n") -> Markup {
        var result = Markup.nothing
        var isFirst = true
        for piece in self {
            result = isFirst ? piece : "\(result)\(separator)\(piece)"
            isFirst = false
        }
        return result
    }
}
