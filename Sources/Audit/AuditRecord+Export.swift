extension AuditEntry {
    /// A line for export, without the chain: what is left out or replaced has no hash any more.
    package func write(number: UInt64, to bytes: inout [UInt8]) {
        LineWriter.write(self, number: number, previous: nil, to: &bytes)
        bytes.append(UInt8(ascii: "}"))
        bytes.append(LineForm.lineFeed)
    }
}
