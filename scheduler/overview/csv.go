package overview

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"strings"
)

// writeCSV writes a table as Excel in the Netherlands opens it: UTF-8 with a
// byte order mark, semicolons, CRLF.
func writeCSV(heads []string, rows [][]string) ([]byte, error) {
	var buf bytes.Buffer
	buf.WriteString("\uFEFF")
	w := csv.NewWriter(&buf)
	w.Comma = ';'
	w.UseCRLF = true
	for _, row := range append([][]string{heads}, rows...) {
		guarded := make([]string, len(row))
		for i, cell := range row {
			guarded[i] = guard(cell)
		}
		if err := w.Write(guarded); err != nil {
			return nil, fmt.Errorf("write csv: %w", err)
		}
	}
	w.Flush()
	if err := w.Error(); err != nil {
		return nil, fmt.Errorf("write csv: %w", err)
	}
	return buf.Bytes(), nil
}

// guard puts an apostrophe before what a spreadsheet would run as a formula
// (OWASP, "CSV Injection"), the wide signs that Excel takes for the same included.
func guard(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r\n＝＋－＠", []rune(s)[0]) {
		return "'" + s
	}
	return s
}
