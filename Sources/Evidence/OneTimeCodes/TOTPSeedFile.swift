/// The file of TOTP seeds, read.
///
/// One line a person: `user base32seed [digits=8] [algorithm=sha256] [period=30]`, fields between spaces or tabs. `#`
/// begins a comment, blank lines mean nothing. Nothing that is said about the file quotes it: with two fields in the
/// wrong order, the seed stands where a name is expected.
package struct TOTPSeedFile: Sendable {
    /// Something wrong with a line. The line counts from 1.
    package struct Problem: Sendable, Hashable, CustomStringConvertible {
        package enum Kind: Sendable, Hashable {
            case notUTF8
            /// A control or invisible character in the name.
            case badName
            case missingSeed
            case seedNotBase32
            case seedTooShort(bytes: Int)
            /// A warning: the seed is used.
            case seedShort(bytes: Int)
            case badDigits
            case badAlgorithm
            case badPeriod
            case unknownOption
            case repeatedOption
            case duplicate(firstLine: Int)
        }

        package let line: Int
        package let kind: Kind

        package init(line: Int, kind: Kind) {
            self.line = line
            self.kind = kind
        }
    }

    /// All that is wrong with a file, in the order of its lines; warnings are among it.
    package struct Problems: Error, Sendable, Hashable {
        package let all: [Problem]

        package init(all: [Problem]) { self.all = all }
    }

    /// By user name, exactly as written.
    package let seeds: [String: TOTPSeed]
    /// What is doubtful but works: short seeds.
    package let warnings: [Problem]

    private init(seeds: [String: TOTPSeed], warnings: [Problem]) {
        self.seeds = seeds
        self.warnings = warnings
    }

    /// Reads the whole file, or tells everything that is wrong with it: half a file of second factors would lock
    /// people out without a word.
    package static func parse(_ bytes: [UInt8]) -> Result<TOTPSeedFile, Problems> {
        var reader = TOTPSeedFileReader()
        for (index, line) in bytes.split(separator: 0x0a, omittingEmptySubsequences: false).enumerated() {
            reader.read(line, number: index + 1)
        }
        if reader.problems.contains(where: \.isError) { return .failure(Problems(all: reader.problems)) }
        return .success(TOTPSeedFile(seeds: reader.seeds, warnings: reader.problems))
    }
}

extension TOTPSeedFile {
    /// Why a seed file may not be used as it lies on the disk.
    package enum ModeProblem: Error, Sendable, Hashable, CustomStringConvertible {
        case readableByOthers(mode: UInt32)
        case foreignOwner(found: UInt32, expected: UInt32)

        package var description: String {
            switch self {
            case .readableByOthers(let mode):
                "mode \(String(mode & 0o7777, radix: 8)) lets others than the owner read or write it: "
                    + "expected 600 or 400"
            case .foreignOwner(let found, let expected): "owned by uid \(found): expected uid \(expected)"
            }
        }
    }

    /// Says whether a file of this mode (`st_mode`) and owner may be trusted with seeds; nil when it may. Look at the
    /// descriptor that is read (`fstat`), not at the path.
    package static func checkMode(mode: UInt32, owner: UInt32, expectedOwner: UInt32) -> ModeProblem? {
        if owner != expectedOwner { return .foreignOwner(found: owner, expected: expectedOwner) }
        return mode & 0o066 == 0 ? nil : .readableByOthers(mode: mode)
    }
}

extension TOTPSeedFile.Problem {
    /// False for what is a warning.
    package var isError: Bool {
        if case .seedShort = kind { false } else { true }
    }

    package var description: String {
        "line \(line): " + (isError ? "error: " : "warning: ") + kind.message
    }
}

extension TOTPSeedFile.Problem.Kind {
    fileprivate var message: String {
        switch self {
        case .notUTF8: "the line is not UTF-8"
        case .badName: "the user name has a control or invisible character"
        case .missingSeed: "expected a seed after the user name"
        case .seedNotBase32: "the seed is not base32 (letters a to z and digits 2 to 7)"
        case .seedTooShort(let bytes):
            "the seed has \(bytes) bytes, expected at least \(TOTPSeed.leastKeyBytes)"
        case .seedShort(let bytes):
            "the seed has \(bytes) bytes; RFC 4226 asks for \(TOTPSeed.advisedKeyBytes) or more"
        case .badDigits: "expected digits=6 or digits=8"
        case .badAlgorithm: "expected algorithm=sha1, sha256 or sha512"
        case .badPeriod:
            "expected a period of \(TOTPSeed.periods.lowerBound) to \(TOTPSeed.periods.upperBound) seconds"
        case .unknownOption: "expected digits=, algorithm= or period= after the seed"
        case .repeatedOption: "an option is given twice"
        case .duplicate(let first): "this user has a seed already, in line \(first)"
        }
    }
}
