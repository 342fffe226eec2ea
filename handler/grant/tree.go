package grant

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
)

// maxDepth bounds the nesting of a request body.
const maxDepth = 32

// node is a JSON value with its place, so that every fault can be named by pointer.
type node struct {
	pointer jsontext.Pointer
	kind    jsontext.Kind
	text    string
	names   []string
	members map[string]node
	items   []node
}

// parseTree reads one JSON value and nothing after it. Names that occur twice are
// faults and not errors, so that all of them are told at once; what cannot be read
// as JSON at all is an error.
func parseTree(body []byte) (node, []Fault, error) {
	reader := treeReader{decoder: jsontext.NewDecoder(bytes.NewReader(body), jsontext.AllowDuplicateNames(true))}
	root, err := reader.value("")
	if err != nil {
		return node{}, nil, err
	}
	_, err = reader.decoder.ReadToken()
	if !errors.Is(err, io.EOF) {
		return node{}, nil, errors.New("there is text after the JSON value")
	}
	return root, reader.faults, nil
}

type treeReader struct {
	decoder *jsontext.Decoder
	faults  []Fault
}

func (r *treeReader) value(pointer jsontext.Pointer) (node, error) {
	token, err := r.decoder.ReadToken()
	if err != nil {
		return node{}, fmt.Errorf("the body is not JSON: %w", err)
	}
	// Asked after the token, so that an empty innermost object or array counts too.
	if r.decoder.StackDepth() > maxDepth {
		return node{}, fmt.Errorf("the body is nested deeper than %d levels", maxDepth)
	}
	n := node{pointer: pointer, kind: token.Kind()}
	switch token.Kind() {
	case '{':
		return r.object(n)
	case '[':
		return r.array(n)
	case '"', '0':
		n.text = token.String()
	}
	return n, nil
}

func (r *treeReader) object(n node) (node, error) {
	n.members = map[string]node{}
	for r.decoder.PeekKind() != '}' {
		token, err := r.decoder.ReadToken()
		if err != nil {
			return node{}, fmt.Errorf("the body is not JSON: %w", err)
		}
		name := token.String()
		member, err := r.value(n.pointer.AppendToken(name))
		if err != nil {
			return node{}, err
		}
		_, twice := n.members[name]
		if twice {
			r.faults = append(r.faults, Fault{Pointer: string(member.pointer), Reason: "duplicateName", Detail: "the name occurs twice"})
			continue
		}
		n.members[name] = member
		n.names = append(n.names, name)
	}
	_, err := r.decoder.ReadToken()
	return n, err
}

func (r *treeReader) array(n node) (node, error) {
	for r.decoder.PeekKind() != ']' {
		item, err := r.value(n.pointer.AppendToken(strconv.Itoa(len(n.items))))
		if err != nil {
			return node{}, err
		}
		n.items = append(n.items, item)
	}
	_, err := r.decoder.ReadToken()
	return n, err
}
