import Evidence
import Foundation
import Store

/// Where the key is that seeds of one-time codes are sealed with: a file of the configuration, or a credential of systemd
/// (systemd.exec(5), `LoadCredential=gatehouse-seal-key:...`).
enum SealKeyFile {
    /// Nil when there is neither; throws ``PackUnreadable`` when what there is is no key, or not ours alone.
    static func read(configured path: String?, environment: [String: String]) throws -> SealingKey? {
        if let path { return try key(PrivateFile.read(path, limit: sizeLimit), path) }
        guard let folder = environment["CREDENTIALS_DIRECTORY"] else { return nil }
        let path = folder + "/gatehouse-seal-key"
        guard FileManager.default.fileExists(atPath: path) else { return nil }
        return try key(PrivateFile.read(path, limit: sizeLimit, isTrusted: credential), path)
    }

    private static let sizeLimit = 4096

    /// systemd gives credentials to a service that is not root by an access control list: the file stays root's, and
    /// the list's mask shows as the mode of the group.
    static func credential(_ status: stat) -> String? {
        guard status.st_uid == 0 || status.st_uid == geteuid() else {
            return "owned by uid \(status.st_uid): expected root or uid \(geteuid())"
        }
        let mode = String(status.st_mode & 0o7777, radix: 8)
        return status.st_mode & 0o027 == 0 ? nil : "mode \(mode) lets others read or write it"
    }

    private static func key(_ bytes: [UInt8], _ path: String) throws -> SealingKey {
        guard let key = SealingKey(bytes: decoded(bytes)) else {
            throw PackUnreadable(
                path: path,
                reason:
                    "expected \(SealingKey.byteCount) bytes, or \(2 * SealingKey.byteCount) hexadecimal digits"
            )
        }
        return key
    }

    /// Hexadecimal digits may end in a line feed; whatever is no digits is the key itself.
    private static func decoded(_ bytes: [UInt8]) -> [UInt8] {
        let digits = bytes.last == 0x0a ? bytes.dropLast() : bytes[...]
        guard digits.count == 2 * SealingKey.byteCount else { return bytes }
        let values = digits.compactMap { Character(UnicodeScalar($0)).hexDigitValue }
        guard values.count == digits.count else { return bytes }
        return stride(from: 0, to: values.count, by: 2).map { UInt8(values[$0] << 4 | values[$0 + 1]) }
    }
}
