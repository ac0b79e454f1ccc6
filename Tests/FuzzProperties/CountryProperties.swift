import Evidence
import NetworkTypes
import Place

/// What holds for databases of countries, whatever their bytes: MaxMind's form and tor-geoipdb's text.
enum CountryProperties {
    private static let addresses: [IPAddress] = [
        "0.0.0.0", "1.0.0.1", "1.2.3.4", "10.8.0.2", "81.2.69.142", "127.255.255.255", "128.0.0.0",
        "255.255.255.255",
        "::1", "2001:db8::1", "2001:218::1", "2a02::1", "7fff:ffff::", "8000::",
        "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
    ].compactMap(IPAddress.init)

    static func violation(in input: [UInt8]) -> String? {
        let database: CountryDatabase
        do throws(CountryDatabaseError) {
            database = try CountryDatabase(path: "countries", bytes: input)
        } catch {
            return violation(of: error, input)
        }
        for file in database.files {
            for words in [file.title, file.built].compactMap(\.self) {
                if let violation = CertificateProperties.unshowable(words) { return violation }
            }
        }
        for address in addresses {
            let match = database.match(address)
            if match?.country != database.country(of: address) { return "two countries of \(address)" }
            guard let match else { continue }
            if !match.range.contains(address) { return "\(address) is not in the range that has it" }
            // The whole range has what one of its addresses has.
            for end in [match.range.first, match.range.last] {
                guard let other = database.match(end) else { continue }
                if other != match { return "\(end) is in the range of \(address), and has another" }
            }
        }
        return nil
    }

    private static func violation(of error: CountryDatabaseError, _ input: [UInt8]) -> String? {
        switch error.position {
        case .file: break
        case .line(let line):
            if !(1...input.count { $0 == 0x0a } + 1).contains(line) { return "a fault in line \(line)" }
        case .byte(let offset):
            if !(0...input.count).contains(offset) { return "a fault at byte \(offset)" }
        }
        return CertificateProperties.unshowable(error.description)
    }
}
