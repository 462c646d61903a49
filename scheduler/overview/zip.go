package overview

import (
	"archive/zip"
	"bytes"
	"fmt"
	"time"
)

// Zip packs files, and then extra ones such as slips, into one archive under
// the names of FileName. Of in, Event, School and MadeAt are used.
func Zip(in Input, files []File, extra ...File) ([]byte, error) {
	var buf bytes.Buffer
	w := zip.NewWriter(&buf)
	for _, list := range [][]File{files, extra} {
		for _, f := range list {
			header := &zip.FileHeader{Name: FileName(in, f.Name, f.Format), Method: zip.Deflate}
			if f.Format == "pdf" || f.Format == "xlsx" {
				header.Method = zip.Store // compressed already
			}
			if !in.MadeAt.IsZero() {
				header.Modified = in.MadeAt.Truncate(time.Second)
			}
			entry, err := w.CreateHeader(header)
			if err != nil {
				return nil, fmt.Errorf("zip %s.%s: %w", f.Name, f.Format, err)
			}
			if _, err := entry.Write(f.Data); err != nil {
				return nil, fmt.Errorf("zip %s.%s: %w", f.Name, f.Format, err)
			}
		}
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("zip overviews: %w", err)
	}
	return buf.Bytes(), nil
}
