/// What changed between two texts, as `diff -u` writes it.
package enum UnifiedDifference {
    private struct Line {
        let sign: Character
        let text: Substring
    }

    /// Unchanged lines around a change.
    private static let context = 3
    /// Above this many lines with changes, all of them are one change: to find the shortest script is quadratic.
    private static let limit = 4000

    /// Empty when the texts are equal.
    package static func text(path: String, _ old: String, _ new: String) -> String {
        guard old != new else { return "" }
        let lines = script(lines(old), lines(new))
        let changed = lines.indices.filter { lines[$0].sign != " " }
        var text = "--- \(path)\n+++ \(path)\n"
        var rest = changed[...]
        while let first = rest.first {
            var last = first
            while let next = rest.first, next - last <= 2 * context + 1 || next == first {
                last = next
                rest = rest.dropFirst()
            }
            text += hunk(lines, max(0, first - context)..<min(lines.count, last + context + 1))
        }
        return text
    }

    private static func hunk(_ lines: [Line], _ range: Range<Int>) -> String {
        let before = lines[..<range.lowerBound]
        let part = lines[range]
        let place = { (sign: Character) in
            let start = before.count { $0.sign != sign }
            let count = part.count { $0.sign != sign }
            return "\(count == 0 ? start : start + 1),\(count)"
        }
        return "@@ -\(place("+")) +\(place("-")) @@\n" + part.map { "\($0.sign)\($0.text)\n" }.joined()
    }

    private static func lines(_ text: String) -> [Substring] {
        let lines = text.split(omittingEmptySubsequences: false) { $0 == "\n" || $0 == "\r\n" }
        return lines.last?.isEmpty ?? true ? lines.dropLast() : lines
    }

    private static func script(_ old: [Substring], _ new: [Substring]) -> [Line] {
        let start = zip(old, new).prefix { $0 == $1 }.count
        let (oldRest, newRest) = (old.dropFirst(start), new.dropFirst(start))
        let end = zip(oldRest.reversed(), newRest.reversed()).prefix { $0 == $1 }.count
        return old.prefix(start).map { Line(sign: " ", text: $0) }
            + changes(Array(oldRest.dropLast(end)), Array(newRest.dropLast(end)))
            + old.suffix(end).map { Line(sign: " ", text: $0) }
    }

    private static func changes(_ old: [Substring], _ new: [Substring]) -> [Line] {
        guard old.count + new.count <= limit else {
            return old.map { Line(sign: "-", text: $0) } + new.map { Line(sign: "+", text: $0) }
        }
        let difference = new.difference(from: old)
        var removed: Set<Int> = []
        var inserted: Set<Int> = []
        for change in difference {
            switch change {
            case .remove(let offset, _, _): removed.insert(offset)
            case .insert(let offset, _, _): inserted.insert(offset)
            }
        }
        var lines: [Line] = []
        var next = 0
        for index in 0...old.count {
            if index < old.count, removed.contains(index) {
                lines.append(Line(sign: "-", text: old[index]))
                continue
            }
            while inserted.contains(next) {
                lines.append(Line(sign: "+", text: new[next]))
                next += 1
            }
            guard index < old.count else { break }
            lines.append(Line(sign: " ", text: old[index]))
            next += 1
        }
        return lines
    }
}
