"""The parts of a page that need Streamlit: frame, sidebar, showing an exhibit."""
