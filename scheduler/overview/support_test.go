package overview

import (
	"bytes"
	"context"
	"encoding/csv"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"
)

// program runs a program that a test needs with stdin, and fails where it is missing.
func program(t *testing.T, debian string, stdin []byte, name string, args ...string) []byte {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		t.Fatalf("%s is missing: apt-get install %s", name, debian)
	}
	cmd := exec.Command(name, args...)
	cmd.Stdin = bytes.NewReader(stdin)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s: %v: %s", name, err, &errs)
	}
	return out.Bytes()
}

// pages returns the text of each page of a PDF, in the order in which it was drawn.
func pages(t *testing.T, pdf []byte) []string {
	t.Helper()
	text := string(program(t, "poppler-utils", pdf, "pdftotext", "-raw", "-enc", "UTF-8", "-", "-"))
	return strings.Split(strings.TrimSuffix(text, "\f"), "\f")
}

// squeeze takes the white space out, so that a name over two lines is found.
func squeeze(s string) string { return strings.Join(strings.Fields(s), "") }

// render draws a page of a PDF at 200 dots an inch into a PNG file.
func render(t *testing.T, pdf []byte, page string) (name string) {
	t.Helper()
	root := filepath.Join(t.TempDir(), "page")
	program(t, "poppler-utils", pdf, "pdftoppm", "-r", "200", "-f", page, "-l", page, "-png", "-singlefile", "-", root)
	return root + ".png"
}

// codes returns what the QR codes on a page of a PDF hold, sorted, as a reader
// that is not ours sees them on the rendered page.
func codes(t *testing.T, pdf []byte, page string) []string {
	t.Helper()
	out := program(t, "zbar-tools", nil, "zbarimg", "-q", "--raw", render(t, pdf, page))
	return slices.Sorted(strings.Lines(string(out)))
}

func makeAll(t *testing.T, in Input) map[string][]byte {
	t.Helper()
	files, err := Make(context.Background(), in, nil)
	if err != nil {
		t.Fatal(err)
	}
	byName := map[string][]byte{}
	for _, f := range files {
		byName[f.Name+"."+f.Format] = f.Data
	}
	return byName
}

func readCSV(t *testing.T, data []byte) [][]string {
	t.Helper()
	rest, ok := bytes.CutPrefix(data, []byte("\uFEFF"))
	if !ok {
		t.Fatal("no byte order mark")
	}
	r := csv.NewReader(bytes.NewReader(rest))
	r.Comma = ';'
	rows, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

func openXLSX(t *testing.T, data []byte) *excelize.File {
	t.Helper()
	f, err := excelize.OpenReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	})
	return f
}

// cells returns how often each cell's text stands in a workbook.
func cells(t *testing.T, data []byte) map[string]int {
	t.Helper()
	f := openXLSX(t, data)
	found := map[string]int{}
	for _, sheet := range f.GetSheetList() {
		rows, err := f.GetRows(sheet)
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range rows {
			for _, c := range row {
				found[c]++
			}
		}
	}
	return found
}
