import Certificates
import Evidence
import Foundation
import Sessions
import TestSupport

@testable import Trust

/// A small public key infrastructure made by the `openssl` command: a root, an intermediate below it, leaves, a
/// delegated OCSP signer, one without the purpose, and the files that `openssl ocsp` answers from.
struct PublicKeys {
    let folder: String

    init() throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "trust-\(UUID())").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try shell("cd \(folder)\n" + Self.script)
    }

    func remove() { try? FileManager.default.removeItem(atPath: folder) }

    func path(_ name: String) -> String { "\(folder)/\(name)" }

    func der(_ name: String) throws -> [UInt8] {
        let text = try String(contentsOfFile: path(name + ".crt"), encoding: .utf8)
        return try PEMDocument.parts(of: Array(text.utf8), labels: ["CERTIFICATE"])[0].der
    }

    func certificate(_ name: String) throws -> DecodedCertificate {
        try DecodedCertificate(der: try der(name))
    }

    /// As OpenVPN tells it: digests, and serial numbers in hexadecimal with colons.
    func chain(_ names: String...) throws -> CertificateChain {
        let all = try names.map { name in
            let certificate = try certificate(name)
            let serial =
                certificate.serialText.count % 2 == 0 ? certificate.serialText : "0" + certificate.serialText
            let pairs = stride(from: 0, to: serial.utf8.count, by: 2).map { offset in
                String(decoding: Array(serial.utf8)[offset..<(offset + 2)], as: UTF8.self)
            }
            return PresentedCertificate(
                digest: certificate.digest, serial: pairs.joined(separator: ":"), subject: "CN=\(name)")
        }
        return CertificateChain(leaf: all[0], issuers: Array(all.dropFirst()))
    }

    /// A list of the intermediate (or another signer) with these serial numbers on it.
    @discardableResult
    func list(
        revoked: [String] = [], by signer: String = "int", number: Int, days: Int = 30, to file: String
    ) throws -> String {
        let entries = revoked.map { "R\t301231235959Z\t260101000000Z\t\($0)\tunknown\t/CN=x\n" }.joined()
        return try shell(
            """
            cd \(folder); printf '%s' "$(cat)" > list.txt; echo >> list.txt; [ -s list.txt ] || true
            sed -i '/^$/d' list.txt; printf '%04x' \(number) > crlnumber; touch list.txt.attr
            openssl ca -config ca.cnf -name list -gencrl -keyfile \(signer).key -cert \(signer).crt \
                -crldays \(days) -out \(file).new
            mv \(file).new \(file)
            """, input: entries)
    }

    private static let script = """
        cat > ca.cnf <<'X'
        [list]
        database = list.txt
        crlnumber = crlnumber
        default_md = sha256
        [root]
        basicConstraints = critical,CA:TRUE
        keyUsage = critical,keyCertSign,cRLSign
        subjectKeyIdentifier = hash
        [leaf]
        basicConstraints = critical,CA:FALSE
        keyUsage = critical,digitalSignature
        extendedKeyUsage = clientAuth
        subjectAltName = email:alice@example.test
        [server]
        basicConstraints = critical,CA:FALSE
        keyUsage = critical,digitalSignature
        extendedKeyUsage = serverAuth
        subjectAltName = DNS:vpn.example.test
        [ocsp]
        basicConstraints = critical,CA:FALSE
        keyUsage = critical,digitalSignature
        extendedKeyUsage = OCSPSigning
        noCheck = ignored
        [ocspchecked]
        basicConstraints = critical,CA:FALSE
        keyUsage = critical,digitalSignature
        extendedKeyUsage = OCSPSigning
        [other]
        basicConstraints = critical,CA:FALSE
        keyUsage = critical,digitalSignature
        extendedKeyUsage = clientAuth
        noCheck = ignored
        X
        key() { openssl ecparam -name prime256v1 -genkey -noout -out $1.key; }
        self() { key $1; openssl req -x509 -new -key $1.key -subj "/O=Example/CN=$1" -days 400 -sha256 \
            -config /dev/null -out $1.crt -set_serial 1 -addext basicConstraints=critical,CA:TRUE \
            -addext keyUsage=critical,keyCertSign,cRLSign,digitalSignature -addext subjectKeyIdentifier=hash; }
        make() { key $1; openssl req -new -key $1.key -subj "/O=Example/CN=$1" -config /dev/null -out $1.csr
            openssl x509 -req -in $1.csr -CA $2.crt -CAkey $2.key -days 300 -sha256 -set_serial $4 \
            -extfile ca.cnf -extensions $3 -out $1.crt 2>/dev/null; }
        printf '[req]\\ndistinguished_name=dn\\n[dn]\\n' > req.cnf
        sed -i 's/^$//' ca.cnf
        """.replacingOccurrences(of: "/dev/null -out", with: "req.cnf -out") + """

            self root; self stranger
            make int root root 0x1000
            make leaf int leaf 0x8a01
            make gone int leaf 0x8a02
            make lost int leaf 0x8a03
            make server int server 0x8a04
            make signer int ocsp 0x8a05
            make checked int ocspchecked 0x8a06
            make purposeless int other 0x8a07
            printf 'V\\t301231235959Z\\t\\t8A01\\tunknown\\t/CN=leaf\\n' > index.txt
            printf 'R\\t301231235959Z\\t260301000000Z\\t8A02\\tunknown\\t/CN=gone\\n' >> index.txt
            """
}

enum Now {
    static var instant: Instant { Instant(secondsSince1970: Int64(Date().timeIntervalSince1970)) }
}
