module github.com/portsaga/portsaga/docs/site

go 1.26.8

require github.com/yuin/goldmark v1.8.7
