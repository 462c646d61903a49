package overview

import (
	"fmt"
	"strings"

	"rsc.io/qr"
)

// quiet is the white around a QR code, in modules, that scanners need.
const quiet = 4

// qr draws text as a QR code whose black and white squares are size
// millimetres wide; leave its quiet zone free around it. It is drawn as lines,
// not as a picture, so that it stays sharp and small.
func (p *paper) qr(x, y, size float64, text string) error {
	code, err := qr.Encode(text, qr.M)
	if err != nil {
		return fmt.Errorf("qr code: %w", err)
	}
	const points = 1 / mm
	module := size / float64(code.Size) * points
	var b strings.Builder
	// In the units of the code, from its upper left corner downwards.
	fmt.Fprintf(&b, "q 0 g %.4f 0 0 %.4f %.2f %.2f cm", module, -module, x*points, (pageHeight-y)*points)
	for row := range code.Size {
		for column := 0; column < code.Size; column++ {
			if !code.Black(column, row) {
				continue
			}
			start := column
			for column < code.Size && code.Black(column, row) {
				column++
			}
			// A little higher than a module, or a white hair shows between rows.
			fmt.Fprintf(&b, " %d %d %d 1.02 re", start, row, column-start)
		}
	}
	b.WriteString(" f Q")
	p.pdf.RawWriteStr(b.String())
	return nil
}
