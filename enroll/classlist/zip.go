package classlist

import (
	"archive/zip"
	"bytes"
	"io"
	"strings"
)

// archive is the unpacked parts of a zipped file that a reader needs, by name.
type archive map[string][]byte

// readZip reads what is zipped: told by its parts, an Excel workbook or an
// OpenDocument spreadsheet.
func readZip(data []byte) ([]grid, *Problem) {
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, refuse(NotAList)
	}
	var total uint64
	workbook, document := false, false
	for _, f := range z.File {
		if f.Flags&1 != 0 {
			return nil, refuse(Locked)
		}
		// Sizes are those that the file states. A part that lies about its own
		// cannot be unpacked beyond it: archive/zip stops there with an error.
		if f.UncompressedSize64 > MaxUnpacked || total+f.UncompressedSize64 > MaxUnpacked {
			return nil, tooMuchUnpacked()
		}
		total += f.UncompressedSize64
		name := strings.ToLower(partName(f))
		workbook = workbook || strings.HasPrefix(name, "xl/workbook") && strings.HasSuffix(name, ".xml")
		document = document || name == "content.xml"
	}
	needed, read := neededOfWorkbook, readXLSX
	switch {
	case workbook:
	case document:
		needed, read = neededOfDocument, readODS
	default:
		return nil, refuse(NotAList)
	}
	parts, ok := unpack(z, needed)
	if !ok {
		return nil, refuse(NotAList)
	}
	return read(parts)
}

func partName(f *zip.File) string {
	return strings.TrimPrefix(strings.ReplaceAll(f.Name, `\`, "/"), "/")
}

// unpack returns the parts that are needed, or false where one is damaged or
// there twice.
func unpack(z *zip.Reader, needed func(name string) bool) (archive, bool) {
	parts := archive{}
	for _, f := range z.File {
		name := partName(f)
		if !needed(strings.ToLower(name)) {
			continue
		}
		if _, twice := parts[name]; twice {
			return nil, false
		}
		r, err := f.Open()
		if err != nil {
			return nil, false
		}
		content, err := io.ReadAll(io.LimitReader(r, MaxUnpacked+1))
		if closing := r.Close(); err != nil || closing != nil || len(content) > MaxUnpacked {
			return nil, false
		}
		parts[name] = content
	}
	return parts, true
}
