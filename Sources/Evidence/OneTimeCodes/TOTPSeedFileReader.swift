/// Reads a seed file line by line and remembers everything that is wrong with it.
struct TOTPSeedFileReader {
    private(set) var seeds: [String: TOTPSeed] = [:]
    private(set) var problems: [TOTPSeedFile.Problem] = []
    private var lineOfUser: [String: Int] = [:]

    private struct Options {
        var algorithm = TOTPSeed.Algorithm.sha1
        var digits = 6
        var period = 30
    }

    private struct LineProblem: Error {
        let kind: TOTPSeedFile.Problem.Kind
    }

    mutating func read(_ line: ArraySlice<UInt8>, number: Int) {
        do throws(LineProblem) {
            try readLine(line, number: number)
        } catch {
            problems.append(TOTPSeedFile.Problem(line: number, kind: error.kind))
        }
    }

    private mutating func readLine(_ line: ArraySlice<UInt8>, number: Int) throws(LineProblem) {
        let fields = Self.fields(line)
        guard let first = fields.first else { return }
        let user = try Self.userName(first)
        let known = lineOfUser[user]
        if known == nil { lineOfUser[user] = number }
        guard fields.count > 1 else { throw LineProblem(kind: .missingSeed) }
        let key = try Self.key(fields[1])
        let options = try Self.options(fields[2...])
        if let known { throw LineProblem(kind: .duplicate(firstLine: known)) }
        seeds[user] = TOTPSeed(
            key: key, algorithm: options.algorithm, digits: options.digits, period: options.period)
        if key.count < TOTPSeed.advisedKeyBytes {
            problems.append(TOTPSeedFile.Problem(line: number, kind: .seedShort(bytes: key.count)))
        }
    }

    /// The fields before a comment. A `#` inside a field belongs to it; a carriage return at the end does not.
    private static func fields(_ line: ArraySlice<UInt8>) -> ArraySlice<ArraySlice<UInt8>> {
        let line = line.last == UInt8(ascii: "\r") ? line.dropLast() : line
        let fields = line.split { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
        return fields.prefix { $0.first != UInt8(ascii: "#") }
    }

    private static func userName(_ field: ArraySlice<UInt8>) throws(LineProblem) -> String {
        guard let name = String(validating: field, as: UTF8.self) else { throw LineProblem(kind: .notUTF8) }
        let isInvisible = { (scalar: Unicode.Scalar) in
            switch scalar.properties.generalCategory {
            case .control, .format, .spaceSeparator, .lineSeparator, .paragraphSeparator, .unassigned: true
            default: false
            }
        }
        if name.unicodeScalars.contains(where: isInvisible) { throw LineProblem(kind: .badName) }
        return name
    }

    private static func key(_ field: ArraySlice<UInt8>) throws(LineProblem) -> [UInt8] {
        guard let key = BinaryText.base32.decode(field) else { throw LineProblem(kind: .seedNotBase32) }
        guard key.count >= TOTPSeed.leastKeyBytes else {
            throw LineProblem(kind: .seedTooShort(bytes: key.count))
        }
        return key
    }

    private static func options(_ fields: ArraySlice<ArraySlice<UInt8>>) throws(LineProblem) -> Options {
        var options = Options()
        var seen: Set<String> = []
        for field in fields {
            let pair = String(decoding: field, as: UTF8.self).split(separator: "=", maxSplits: 1)
            guard pair.count == 2 else { throw LineProblem(kind: .unknownOption) }
            if !seen.insert(String(pair[0])).inserted { throw LineProblem(kind: .repeatedOption) }
            try set(String(pair[0]), to: String(pair[1]), in: &options)
        }
        return options
    }

    private static func set(_ name: String, to text: String, in options: inout Options) throws(LineProblem) {
        switch name {
        case "digits":
            guard let digits = Int(text), digits == 6 || digits == 8 else {
                throw LineProblem(kind: .badDigits)
            }
            options.digits = digits
        case "algorithm":
            guard let algorithm = TOTPSeed.Algorithm(rawValue: text.lowercased()) else {
                throw LineProblem(kind: .badAlgorithm)
            }
            options.algorithm = algorithm
        case "period":
            guard let period = Int(text), TOTPSeed.periods.contains(period) else {
                throw LineProblem(kind: .badPeriod)
            }
            options.period = period
        default: throw LineProblem(kind: .unknownOption)
        }
    }
}
