package engine

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"slices"
	"strconv"
	"time"

	"mailgrant/handler/store"
)

const (
	surveyPartition = "survey"
	// surveyRows is what the partition of one survey's rows begins with; its operation's
	// id follows.
	surveyRows = "survey-"
	chunkSize  = 300_000
	mostChunks = 100
	// chunksProperty is how many rows a text takes; readAtProperty when it was read.
	chunksProperty = "chunks"
	readAtProperty = "readAt"
)

// errTooLarge: a text that takes more rows than one survey may keep.
var errTooLarge = fmt.Errorf("the text takes more than %d rows", mostChunks)

// packed compresses a text into what a row can hold.
func packed(text []byte) ([]byte, error) {
	var buffer bytes.Buffer
	writer := gzip.NewWriter(&buffer)
	_, err := writer.Write(text)
	if err == nil {
		err = writer.Close()
	}
	return base64.StdEncoding.AppendEncode(nil, buffer.Bytes()), err
}

func unpacked(text []byte) ([]byte, error) {
	reader, err := gzip.NewReader(base64.NewDecoder(base64.StdEncoding, bytes.NewReader(text)))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(reader)
}

// keepText writes a text in as many rows as it takes. The first row is written last:
// while it is missing there is no text.
func (e *Engine) keepText(ctx context.Context, partition, name string, text []byte, readAt time.Time) error {
	whole, err := packed(text)
	if err != nil {
		return fmt.Errorf("packing %s: %w", name, err)
	}
	chunks := slices.Collect(slices.Chunk(whole, chunkSize))
	if len(chunks) > mostChunks {
		return errTooLarge
	}
	for number, chunk := range slices.Backward(chunks) {
		row := store.Row{Key: chunkKey(name, number), Document: chunk,
			Properties: map[string]string{chunksProperty: strconv.Itoa(len(chunks)), readAtProperty: readAt.UTC().Format(time.RFC3339Nano)}}
		err := e.Store.WriteWork(ctx, partition, row)
		if err != nil {
			return storage(err, "")
		}
	}
	return nil
}

// keptText reads it back, with when it was read; KindNotFound when there is none.
func (e *Engine) keptText(ctx context.Context, partition, name string) ([]byte, time.Time, error) {
	first, err := e.Store.ReadWork(ctx, partition, chunkKey(name, 0))
	if err != nil {
		return nil, time.Time{}, storage(err, "there is no "+name)
	}
	count, err := strconv.Atoi(first.Properties[chunksProperty])
	if err != nil || count > mostChunks {
		return nil, time.Time{}, fmt.Errorf("reading %s: %q rows", name, first.Properties[chunksProperty])
	}
	readAt, err := time.Parse(time.RFC3339Nano, first.Properties[readAtProperty])
	if err != nil {
		return nil, time.Time{}, fmt.Errorf("reading %s: %w", name, err)
	}
	whole := first.Document
	for number := 1; number < count; number++ {
		row, err := e.Store.ReadWork(ctx, partition, chunkKey(name, number))
		if err != nil {
			return nil, time.Time{}, storage(err, "a part of "+name+" is missing")
		}
		whole = append(whole, row.Document...)
	}
	text, err := unpacked(whole)
	if err != nil {
		return nil, time.Time{}, fmt.Errorf("unpacking %s: %w", name, err)
	}
	return text, readAt, nil
}

func chunkKey(name string, number int) string { return fmt.Sprintf("%s-%03d", name, number) }

// forgetRows deletes every row of a partition.
func (e *Engine) forgetRows(ctx context.Context, partition string) error {
	for {
		rows, _, err := e.Store.ListWork(ctx, partition, "", largestPage)
		if err != nil || len(rows) == 0 {
			return storage(err, "")
		}
		for _, row := range rows {
			err := e.Store.DeleteWork(ctx, partition, row.Key)
			if err != nil {
				return storage(err, "")
			}
		}
	}
}
