/// One file of a pack as it was read from somewhere: compiling does no I/O.
package struct PackFile: Sendable, Hashable {
    /// Relative to the pack's folder, with slashes: `vendors/northwind.yaml`.
    package let path: String
    package let text: String

    package init(path: String, text: String) {
        self.path = path
        self.text = text
    }

    /// Reads bytes as UTF-8; text in any other encoding is a diagnostic with the place of the first bad byte.
    package static func decode(
        path: String, bytes: some Collection<UInt8>
    ) -> (file: PackFile?, diagnostics: [Diagnostic]) {
        if let text = String(validating: bytes, as: UTF8.self) {
            return (PackFile(path: path, text: text), [])
        }
        let log = DiagnosticLog()
        let source = SourceText(path: path, text: validPrefix(bytes))
        log.register(source)
        let last = source.lines.count
        log.add(.notUTF8, at: source.range(line: last, column: source.line(last).count + 1))
        return (nil, log.diagnostics)
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
