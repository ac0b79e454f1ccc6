import ArgumentParser
import Evidence
import Foundation
import NetworkTypes
import Place

/// `gatehouse country ADDRESS... --database FILE`
struct CountryCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "country",
        abstract: "Say which country addresses are in, as a database tells.",
        discussion: """
            Reads MaxMind files (.mmdb), and the two texts of Debian's package tor-geoipdb: \
            --database /usr/share/tor/geoip --database /usr/share/tor/geoip6. Which kind a file is, its content says. \
            With several files, the first that names a country wins.

            Each line has the address, the country or 'unknown', the range that has the address, and the file with \
            what it says of itself. 'unknown' is also what is no country: a region such as EU, a proxy such as A1, a \
            withdrawn code.

            Ends with 0 when every address has a country, 1 when one is unknown, 2 when a database cannot be read or \
            is corrupt.
            """)

    @Argument(help: "IPv4 or IPv6 addresses.")
    var addresses: [String]
    @Option(name: .long, help: "A database file; may be repeated.")
    var database: [String]
    @Flag(name: .long, help: "Print one JSON document.")
    var json = false

    func validate() throws {
        guard !database.isEmpty else { throw ValidationError("--database: expected a file") }
        for text in addresses where IPAddress(text) == nil {
            throw ValidationError("'\(text)' is no IPv4 or IPv6 address")
        }
    }

    func run() throws {
        let answers = try answers()
        if json {
            try Terminal.printJSON(answers)
        } else {
            let rows = answers.map {
                [$0.address, $0.country ?? "unknown", $0.range ?? "-", Self.source($0)]
            }
            print(Terminal.table(["ADDRESS", "COUNTRY", "RANGE", "DATABASE"], rows))
        }
        if answers.contains(where: { $0.country == nil }) { throw ExitCode(1) }
    }

    private func answers() throws -> [Answer] {
        do {
            let database = try CountryDatabase(paths: database)
            return addresses.compactMap(IPAddress.init).map { Answer($0, database.match($0)) }
        } catch {
            Terminal.complain("\(error)")
            throw ExitCode(2)
        }
    }

    private static func source(_ answer: Answer) -> String {
        guard let path = answer.database else { return "-" }
        let about = [answer.title, answer.built.map { "built \($0)" }].compactMap { $0 }
        return about.isEmpty ? path : "\(path) (\(about.joined(separator: ", ")))"
    }

    /// One address of the output. What is not known is not there.
    private struct Answer: Encodable {
        let address: String
        let country: String?
        let range: String?
        let database: String?
        let kind: String?
        let title: String?
        let built: String?

        init(_ address: IPAddress, _ match: CountryMatch?) {
            self.address = address.description
            country = match?.country?.description
            range = match.map { Self.text($0.range) }
            database = match?.file.path
            kind = match?.file.kind.rawValue
            title = match?.file.title
            built = match?.file.built
        }

        /// As a prefix, where the range is one.
        private static func text(_ range: AddressRange) -> String {
            let hostBits =
                (range.first.bits ^ range.last.bits).bitWidth
                - (range.first.bits ^ range.last.bits).leadingZeroBitCount
            let prefix = try? IPPrefix(address: range.first, length: range.family.bitWidth - hostBits)
            return prefix?.range == range ? prefix?.description ?? range.description : range.description
        }
    }
}
