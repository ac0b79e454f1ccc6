import Certificates
import Evidence
import Netfilter
import NetworkTypes
import RulesetCompiler
import Sessions

/// Inputs that the fuzzers begin with, made of the fixtures of the tests.
enum FuzzSeeds {
    /// What recorded servers said, in stretches: whole recordings are longer than an input.
    static var management: [[UInt8]] {
        FuzzFixtures.files(in: "VPNSourcesTests/Transcripts").flatMap { file in
            let lines = file.bytes.split(separator: 0x0a).compactMap { line -> [UInt8]? in
                let fields = line.split(separator: 0x20, maxSplits: 2)
                guard fields.count == 3, fields[1].elementsEqual("S".utf8) else { return nil }
                return fields[2] + [0x0d, 0x0a]
            }
            // Each begins with what every conversation begins with: who the server is.
            let process = lines.first { $0.starts(with: "SUCCESS: pid=".utf8) } ?? []
            let greeting = lines.first { $0.starts(with: ">INFO:".utf8) } ?? []
            return pieces(of: lines, upTo: 5_500).map { greeting + process + $0 }
        }
    }

    private static func pieces(of lines: [[UInt8]], upTo limit: Int) -> [[UInt8]] {
        var pieces: [[UInt8]] = []
        var piece: [UInt8] = []
        for line in lines {
            let isBoundary = line.starts(with: ">CLIENT:".utf8) && !line.starts(with: ">CLIENT:ENV".utf8)
            if piece.count + line.count > limit || isBoundary && piece.count > limit / 2 {
                pieces.append(piece)
                piece = []
            }
            piece += line
        }
        return pieces + [piece]
    }

    /// In PEM, in DER, and with others behind them.
    static var certificates: [[UInt8]] {
        let files = FuzzFixtures.files(in: "CertificatesTests/Fixtures", withSuffix: ".crt").map(\.bytes)
        let texts = FuzzFixtures.literals(in: "CertificatesTests/DecodingTests.swift").filter {
            (try? PEMDocument.parts(of: $0, labels: ["CERTIFICATE"])) != nil
        }
        let parts = files.flatMap {
            (try? PEMDocument.parts(of: $0, labels: ["CERTIFICATE"]).map(\.der)) ?? []
        }
        return files + texts + parts + zip(parts, parts.dropFirst()).map { $0 + $1 }
    }

    static var lists: [[UInt8]] {
        let file = FuzzFixtures.file("CertificatesTests/Fixtures/corp.crl")
        return [file] + ((try? PEMDocument.parts(of: file, labels: ["X509 CRL"]).map(\.der)) ?? [])
    }

    static var http: [[UInt8]] {
        [
            "HTTP/1.1 200 OK\r\nContent-Type: application/ocsp-response\r\nContent-Length: 5\r\n\r\nhello",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;name=value\r\nabc\r\n2\r\nde\r\n0\r\nTrailer: x\r\n\r\n",
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.0 404 Not Found\r\nConnection: close\r\n\r\nuntil the end",
            "HTTP/1.1 204 No Content\r\n\r\n", "http://responder.example.com:8080/path?query",
            "http://[2001:db8::1]:80/x",
        ].map { Array($0.utf8) }
    }

    static var posture: [[UInt8]] {
        ["ReportReaderTests", "OsqueryReaderTests"].flatMap {
            FuzzFixtures.literals(in: "PostureReportsTests/\($0).swift")
        }
            + [
                #"{"version":1,"device":"a","observed-at":"2026-11-21T10:00:00Z","antivirus":{"signature-age":"5h"}}"#,
                #"[{"screen-lock":{"minutes":10,"observed-at":"2026-11-21T10:00:00+01:00"}},{"firewall":{"on":true}}]"#,
            ].map { Array($0.utf8) }
    }

    static var codes: [[UInt8]] {
        FuzzFixtures.literals(in: "EvidenceTests/TOTPSeedFileTests.swift")
            + [
                "123456", "SCRV1:cGFzc3dvcmQ=:MTIzNDU2", "CRV1::state::123 456", "SESS_ID_AT_abcdef",
                "password",
                "emp GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ digits=8 algorithm=sha256 period=60 # token\n",
            ].map { Array($0.utf8) }
    }

    /// Whole packs of the golden tests, and the single files of the packs that are shipped.
    static var rules: [[UInt8]] {
        let golden = "PolicyLanguageTests/Golden"
        let packs = FuzzFixtures.folders(in: golden).map { folder in
            RuleProperties.input(
                FuzzFixtures.files(in: "\(golden)/\(folder)").filter {
                    $0.name.hasSuffix(".yaml") || $0.name.hasSuffix(".csv")
                }.map { ($0.name, $0.bytes) })
        }
        let shipped = ["default", "psps", "moj", "dwp"].flatMap { name in
            FuzzFixtures.files(in: "../rules/\(name)").map { RuleProperties.input([($0.name, $0.bytes)]) }
        }
        return packs + shipped
    }

    static var tables: [[UInt8]] {
        let tables = FuzzFixtures.files(in: "RegisterImportTests/Golden", withSuffix: ".csv").map(\.bytes)
        let mappings = FuzzFixtures.files(in: "../rules/imports").map(\.bytes)
        let own = tables.enumerated().map { [UInt8(truncatingIfNeeded: $0.offset)] + $0.element }
        return own + mappings.flatMap { mapping in tables.map { mapping + Array("\n===\n".utf8) + $0 } }
    }

    static var control: [[UInt8]] {
        [
            #"{"name":"office/21"}"#, #"{"name":"a","count":-7,"isTrial":true,"parts":[]}"#,
            #"{"name":"\u00fc\ud83d\ude00","parts":[{"kind":"device","fields":{"owner":["bob",""],"status":[]}}]}"#,
            #"{"name":"a","count":1e2,"parts":null}"#, "name=office/21&count=3&isTrial=false",
            "name=a+b%20%C3%BC&count=-9223372036854775808", #"{"sessions":[],"holds":[]}"#,
            #"{"type":"about:blank","title":"Not Found","status":404,"detail":"none","id":"not-found"}"#,
        ].map { Array($0.utf8) }
    }

    /// What we write ourselves has the form of what is dumped; the rest is by linux/netlink.h and
    /// linux/netfilter/nfnetlink_conntrack.h.
    static var kernel: [[UInt8]] {
        let now = Instant(secondsSince1970: 1_795_212_000)
        let layout = RulesetLayout(table: "t", tunnels: [])
        let batches = ["10.8.0.2", "fd08:8::1000"].compactMap(IPAddress.init).compactMap {
            address -> [UInt8]? in
            guard let scope = ScopeNumber(rawValue: 3) else { return nil }
            let put = RulesetChange.put(
                SessionKey(interfaceIndex: 7, address: address),
                Ruleset.Element(scope: scope, expires: now + .seconds(60)))
            return NetlinkConnection.batch(
                "t", Transaction([put], in: layout, at: now).operations, from: 5, generation: 258)
        }
        let refusal: [UInt8] = [
            52, 0, 0, 0, 2, 0, 0, 2, 6, 0, 0, 0, 0, 0, 0, 0, 0xfe, 0xff, 0xff, 0xff, 72, 0, 0, 0, 30, 10, 1,
            0, 6, 0, 0,
            0, 0, 0, 0, 0, 9, 0, 1, 0, 0x67, 0x61, 0x74, 0x65, 0, 0, 0, 0, 4, 0, 2, 0,
        ]
        let connection: [UInt8] = [
            72, 0, 0, 0, 0, 1, 2, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 52, 0, 1, 0x80, 20, 0, 1, 0x80, 8, 0,
            1, 0, 10, 8,
            0, 2, 8, 0, 2, 0, 10, 10, 0, 20, 28, 0, 2, 0x80, 5, 0, 1, 0, 17, 0, 0, 0, 6, 0, 2, 0, 0x0f, 0xa0,
            0, 0, 6, 0,
            3, 0, 0, 53, 0, 0,
        ]
        return batches + [refusal, connection, connection + refusal]
    }
}
