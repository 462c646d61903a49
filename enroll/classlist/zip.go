package classlist

import (
	"archive/zip"
	"bytes"
	"errors"
	"io"
	"strings"
)

// archive is the parts of a zipped file, by name in lower case. A part is
// unpacked while it is read: what is not needed (pictures, macros, the history
// of a shared workbook) never is.
type archive map[string]*zip.File

// maxParts is how many parts an archive may have; a workbook of a school has
// some per sheet.
const maxParts = 2_000

// readZip reads what is zipped: told by its parts, an Excel workbook or an
// OpenDocument spreadsheet.
func readZip(data []byte) ([]grid, *Problem) {
	// The directory is counted before the library reads all of it.
	if bytes.Count(data, []byte("PK\x01\x02")) > maxParts {
		return nil, refuse(NotAList)
	}
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, refuse(NotAList)
	}
	var total uint64
	parts := archive{}
	workbook := ""
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
		name := strings.ToLower(strings.TrimPrefix(strings.ReplaceAll(f.Name, `\`, "/"), "/"))
		if _, twice := parts[name]; twice {
			return nil, refuse(NotAList)
		}
		parts[name] = f
		if strings.HasPrefix(name, "xl/workbook") && strings.HasSuffix(name, ".xml") {
			workbook = name
		}
	}
	switch {
	case workbook != "":
		return readXLSX(parts, workbook)
	case parts["content.xml"] != nil:
		return readODS(parts)
	}
	return nil, refuse(NotAList)
}

// read opens a part for as long as each reads it. A part that is not there is
// no error: each is not called then.
func (a archive) read(name string, each func(r io.Reader) error) (err error) {
	f, ok := a[name]
	if !ok {
		return nil
	}
	part, err := f.Open()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, part.Close()) }()
	return each(io.LimitReader(part, MaxUnpacked))
}
