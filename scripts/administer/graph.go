package administer

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
)

// Get reads one object of Graph; the path begins behind the version.
func (t *Tenant) Get(ctx context.Context, path string, into any) error {
	got, err := t.read(ctx, Request{Method: http.MethodGet, Path: "/v1.0" + path, To: Graph})
	if err != nil {
		return err
	}
	return decode("GET "+path, got, into)
}

// List reads all pages of a list of Graph.
func List[T any](ctx context.Context, t *Tenant, path string) ([]T, error) {
	all := []T{}
	const pages = 100
	next := "/v1.0" + path
	for range pages {
		got, err := t.read(ctx, Request{Method: http.MethodGet, Path: next, To: Graph})
		if err != nil {
			return nil, err
		}
		var page struct {
			Value []T    `json:"value"`
			Next  string `json:"@odata.nextLink"`
		}
		err = decode("GET "+path, got, &page)
		if err != nil {
			return nil, err
		}
		all = append(all, page.Value...)
		if page.Next == "" {
			return all, nil
		}
		next = page.Next
	}
	return nil, fmt.Errorf("GET %s: the list does not end", path)
}

// Post makes an object of Graph and reads what was made.
func (t *Tenant) Post(ctx context.Context, path string, body, into any) error {
	got, err := t.Send(ctx, Request{Method: http.MethodPost, Path: "/v1.0" + path, To: Graph, Body: body})
	if err != nil {
		return err
	}
	return decode("POST "+path, got, into)
}

// Delete removes an object of Graph.
func (t *Tenant) Delete(ctx context.Context, path string) error {
	got, err := t.Send(ctx, Request{Method: http.MethodDelete, Path: "/v1.0" + path, To: Graph})
	if err != nil {
		return err
	}
	return refusalOf("DELETE "+path, got)
}

func decode(attempted string, got Reply, into any) error {
	err := refusalOf(attempted, got)
	if err != nil {
		return err
	}
	err = json.Unmarshal(got.Body, into)
	if err != nil {
		return fmt.Errorf("%s: reading the answer: %w", attempted, err)
	}
	return nil
}
