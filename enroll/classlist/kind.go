package classlist

import (
	"bytes"
	"strings"
)

// readGrids tells what kind of file it is, by its content, and reads its cells.
// Of text it also returns the encoding: the one that is given, or else told.
func readGrids(data []byte, chosen string) (grids []grid, encoding string, p *Problem) {
	if len(data) > MaxBytes {
		return nil, "", refuse(TooLarge, "size", len(data))
	}
	switch {
	case len(bytes.TrimSpace(data)) == 0:
		return nil, "", refuse(Empty)
	case bytes.HasPrefix(data, []byte("PK\x03\x04")), bytes.HasPrefix(data, []byte("PK\x05\x06")):
		grids, p = readZip(data)
		return grids, "", p
	case bytes.HasPrefix(data, []byte{0xD0, 0xCF, 0x11, 0xE0}):
		return nil, "", refuseCompound(data)
	case bytes.HasPrefix(data, []byte("%PDF")), bytes.HasPrefix(data, []byte(`{\rtf`)):
		return nil, "", refuse(NotAList)
	}
	d, ok := decodeText(data, chosen)
	switch {
	case !ok:
		return nil, d.encoding, refuse(NotAList)
	case strings.TrimSpace(d.text) == "":
		return nil, d.encoding, refuse(Empty)
	case strings.HasPrefix(strings.TrimSpace(d.text), "<"):
		grids, p = readEDEXML(d.text)
	default:
		grids, p = readText(d.text)
	}
	for i := range grids {
		grids[i].guessed = d.guessed
	}
	return grids, d.encoding, p
}

// refuseCompound says what to do with a compound file: a workbook with a
// password, one of Excel before 2007, or no list at all. The names of its
// streams are in UTF-16.
func refuseCompound(data []byte) *Problem {
	holds := func(stream string) bool {
		return bytes.Contains(data, []byte(strings.Join(strings.Split(stream, ""), "\x00")))
	}
	switch {
	case holds("EncryptedPackage"):
		return refuse(Locked)
	case holds("WordDocument"), holds("PowerPoint Document"):
		return refuse(NotAList)
	}
	return refuse(OldExcel)
}
