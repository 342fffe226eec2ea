package policy

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// MaxSize is the most bytes that a document may have.
const MaxSize = 256 << 10

// Parse reads a YAML document. It returns every fault at once, sorted by place:
// unknown and duplicate names, values of the wrong type or out of range, a document
// without a canary. Text that is not YAML at all has one fault, where reading
// stopped. The Document is to be used only when there is no fault.
func Parse(text []byte) (Document, []Fault) {
	read := reader{}
	root, found := read.root(text)
	if !found {
		return Document{}, read.faults
	}
	document := read.document(root)
	slices.SortStableFunc(read.faults, func(a, b Fault) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return document, read.faults
}

// root returns the mapping that the whole document is.
func (r *reader) root(text []byte) (ast.Node, bool) {
	if len(text) > MaxSize {
		r.whole("tooLarge", fmt.Sprintf("the document has %d bytes; %d are allowed", len(text), MaxSize))
		return nil, false
	}
	file, err := parse(text)
	if err != nil {
		r.syntax(err)
		return nil, false
	}
	bodies := make([]ast.Node, 0, 1)
	for _, part := range file.Docs {
		if part.Body != nil && part.Body.Type() != ast.CommentType {
			bodies = append(bodies, part.Body)
		}
	}
	switch len(bodies) {
	case 0:
		r.whole("empty", "the document is empty; it has to name at least one canary")
		return nil, false
	case 1:
		return bodies[0], true
	}
	r.fault(bodies[1], "", "severalDocuments", "one document is read; this is another")
	return nil, false
}

// parse lets duplicate names through, because the parser would stop at the first
// and the reader names them all. A panic of the parser is a fault of the text that
// caused it, and must not take the process down.
func parse(text []byte) (*ast.File, error) {
	var file *ast.File
	var err error
	func() {
		defer func() {
			if cause := recover(); cause != nil {
				err = fmt.Errorf("the text cannot be read as YAML: %v", cause)
			}
		}()
		file, err = parser.ParseBytes(text, 0, parser.AllowDuplicateMapKey())
	}()
	return file, err
}

func (r *reader) syntax(err error) {
	var typed yaml.Error
	if !errors.As(err, &typed) {
		r.whole("syntax", err.Error())
		return
	}
	fault := Fault{Reason: "syntax", Detail: "this is not YAML: " + typed.GetMessage()}
	if at := typed.GetToken(); at != nil && at.Position != nil {
		fault.Line, fault.Column = at.Position.Line, at.Position.Column
	}
	r.faults = append(r.faults, fault)
}
