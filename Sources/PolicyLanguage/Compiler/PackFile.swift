/// One file of a pack as it was read from somewhere: compiling does no I/O.
package struct PackFile: Sendable, Hashable {
    /// Relative to the pack's folder, with slashes: `vendors/northwind.yaml`.
    package let path: String
    /// Empty when there is a ``problem``.
    package let text: String
    /// Why there is no text. Compiling reports it, and does not miss what the file may have said.
    package let problem: Diagnostic?

    package init(path: String, text: String) {
        self.path = path
        self.text = text
        problem = nil
    }

    /// Reads bytes as UTF-8; text in any other encoding is a problem, with the place of the first bad byte, and so are more
    /// bytes than ``sizeLimit(of:)``.
    package init(path: String, bytes: some Collection<UInt8>) {
        self.path = path
        guard bytes.count <= Self.sizeLimit(of: path) else {
            let place = SourceRange(start: SourceLocation(file: path, line: 1, column: 1))
            text = ""
            problem = Diagnostic(.fileTooLarge(limit: Self.sizeLimit(of: path)), at: place)
            return
        }
        let text = String(validating: bytes, as: UTF8.self)
        self.text = text ?? ""
        problem = text == nil ? Self.notUTF8(path, bytes) : nil
    }

    /// As ``init(path:bytes:)``, for whoever reads one file alone.
    package static func decode(
        path: String, bytes: some Collection<UInt8>
    ) -> (file: PackFile?, diagnostics: [Diagnostic]) {
        let file = PackFile(path: path, bytes: bytes)
        return file.problem.map { (nil, [$0]) } ?? (file, [])
    }

    /// How many bytes a file of this name may have. Whoever reads one need not read more than one beyond.
    package static func sizeLimit(of path: String) -> Int {
        path.hasSuffix(".csv") ? RegisterReader.tableSizeLimit : DocumentReader.sizeLimit
    }

    private static func notUTF8(_ path: String, _ bytes: some Collection<UInt8>) -> Diagnostic {
        let prefix = validPrefix(bytes)
        let source = SourceText(path: path, text: prefix)
        let last = source.lines.count
        let place = source.range(line: last, column: source.line(last).count + 1)
        let found =
            [[0xFF, 0xFE], [0xFE, 0xFF]].contains(Array(bytes.prefix(2)))
            ? "this looks like UTF-16: save it as UTF-8"
            : bytes.dropFirst(prefix.utf8.count).first.map {
                "found the byte 0x\(String($0, radix: 16, uppercase: true)): save the file as UTF-8"
            }
        return Diagnostic(
            .notUTF8, at: place, notes: found.map { [Diagnostic.Note($0)] } ?? [],
            excerpt: String(source.line(last)))
    }

    private static func validPrefix(_ bytes: some Collection<UInt8>) -> String {
        var parser = Unicode.UTF8.ForwardParser()
        var iterator = bytes.makeIterator()
        var prefix = String.UnicodeScalarView()
        while case .valid(let scalar) = parser.parseScalar(from: &iterator) {
            prefix.append(Unicode.UTF8.decode(scalar))
        }
        return String(prefix)
    }
}

extension Diagnostic {
    fileprivate init(
        _ message: DiagnosticMessage, at range: SourceRange, notes: [Note] = [], excerpt: String = ""
    ) {
        self.init(id: message.id, range: range, message: message.text, notes: notes, excerpt: excerpt)
    }
}
