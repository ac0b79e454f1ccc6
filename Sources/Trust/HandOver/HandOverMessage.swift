import Certificates

/// One certificate on its way from a VPN server: a version (1), the depth, and the certificate in PEM, in one packet.
package struct HandOverMessage: Sendable, Hashable {
    package struct Problem: Error, Hashable, CustomStringConvertible {
        package let description: String
    }

    /// A certificate with a name of 64 KiB fits.
    package static let maximumBytes = 128 * 1024 + 2

    package let depth: UInt8
    package let der: [UInt8]

    package init(_ packet: [UInt8]) throws(Problem) {
        guard packet.count >= 2, packet[0] == 1 else {
            throw Problem(description: "not a message of this version of gatehouse-hand-over")
        }
        guard packet.count <= Self.maximumBytes else {
            throw Problem(description: "longer than \(Self.maximumBytes) bytes")
        }
        depth = packet[1]
        let parts: [PEMDocument.Part]
        do {
            parts = try PEMDocument.parts(of: Array(packet[2...]), labels: ["CERTIFICATE"])
        } catch {
            throw Problem(description: "\(error)")
        }
        guard parts.count == 1 else { throw Problem(description: "\(parts.count) certificates, not one") }
        der = parts[0].der
    }
}
